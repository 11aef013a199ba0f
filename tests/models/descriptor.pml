// SPDX-License-Identifier: MIT
//
// Who waits for a file, and who ends the wait: the poller, close(), a deadline. One side of a descriptor.
//
// Stands for (runtime/descriptor.cpp, runtime/turn.cpp):
//
//   begin(), finish()   descriptor::begin and end, turn::take and give for one that has the turn: operations are counted, the
//                       last one out of a closed file closes it
//   receive()           descriptor::receive with take_event; sys::receive takes part of what is there, or all
//   wait()              descriptor::wait, with commit_wait() and the waking of park()
//   listen()            descriptor::listen and unlisten; a connection that hears nothing may stop listening
//   take_waiter()       descriptor::take_waiter and tell
//   poller              descriptor::happened; it may also tell of what happened to an earlier owner of the record
//   kernel              bytes arrive, and so does an edge that the poller has not seen yet
//   closer              descriptor::close, turn::close, take_deadlines_back
//   owner_of_deadline   descriptor::set_deadline: a moment that has passed, one to come, none
//   clock               descriptor::fire_timer
//
// How a goroutine leaves and comes back is the matter of park.pml: here it waits for a token. Steps happen in the order in
// which they are written. Where the code has a fence between a locked instruction and a look, its absence is shown by what it
// would permit: the look first.
//
// At every step: no call is made on a closed file, and it is closed once; a waiter is told at most once, a listener not after
// it was taken back; only the four values of the drawing at the top of descriptor.hpp are found in the word where it says so.
// When nothing moves any more: who still waits has no bytes to read, is not past its deadline, and the descriptor is not
// closed; nobody was told who did not wait; the side is expired only if its last deadline has passed, and a closed
// descriptor has neither deadline nor timer.
//
// What check_models.py runs:
//   size -DREADS=1 -DARRIVALS=1 -DDEADLINES=1 -DLATE=0
//   size -DREADS=2 -DARRIVALS=1 -DDEADLINES=1 -DLATE=0
//   size -DREADS=1 -DARRIVALS=1 -DDEADLINES=2 -DLATE=0
//   size -DREADS=1 -DARRIVALS=1 -DDEADLINES=1 -DLATE=1
//   mutant TAKEN_BY_STORE
//   mutant EVENTS_DO_NOT_LAST
//   mutant EVENT_TAKEN_AFTER_CALL
//   mutant LOOKS_BEFORE_ARRIVING
//   mutant NO_LOOK_AFTER_ARRIVING
//   mutant COMMIT_STORES
//   mutant NO_LOOK_AFTER_LISTENING
//   mutant STOPS_LISTENING_BY_STORE
//   mutant LISTENS_WITH_BYTES_LEFT -DREADS=2 -DARRIVALS=2 -DDEADLINES=0
//   mutant STAYS_DRAINED -DREADS=2 -DDEADLINES=2
//   mutant LOOKS_BEFORE_CLOSING
//   mutant WAKES_NOBODY
//   mutant FILE_CLOSED_AT_ONCE
//   mutant CLOSING_SEEN_WITHOUT_LOCK
//   mutant LOOKS_BEFORE_EXPIRING
//   mutant DEADLINE_SEEN_WITHOUT_LOCK -DDEADLINES=2

#ifndef READS
#define READS 2
#endif
#ifndef ARRIVALS
#define ARRIVALS 1
#endif
#ifndef DEADLINES
#define DEADLINES 1
#endif

#ifndef LATE
#define LATE 1  /* events that were meant for an earlier owner */
#endif

mtype = { nobody, event_came, arriving, goroutine, listener };
mtype = { done, timed_out, closed, again };
mtype = { none, passed, to_come };

/* The descriptor. */
mtype word = nobody;
bool closing, expired;
bool no_more;          /* of the turn's word: the closed bit */
byte operations;       /* and the count */
bool file_is_closed;
bool drained;          /* the reader's, while it has the turn */
bool lock;
mtype deadline = none;
bool armed;

/* The kernel's. */
byte bytes;
bool edge;

/* Who was told. */
byte tokens, notices;
bool listening;
/* For the end. */
bool waits, close_returned;
byte kernel_left = ARRIVALS;

#define acquire() atomic { !lock -> lock = true }
#define release() lock = false
#define told_to_stop (closing -> closed : (expired -> timed_out : done))

inline close_file() {
  assert(no_more && operations == 0 && !file_is_closed);
  file_is_closed = true
}

inline finish() {
  atomic {
    operations--;
    if
#ifndef FILE_CLOSED_AT_ONCE
    :: no_more && operations == 0 -> close_file()
#endif
    :: else -> skip
    fi
  }
}

/* --- who ends a wait */

/* by_event: leaves the word saying so. Empties it otherwise. */
inline take_waiter(by_event) {
  old = word;
  do
  :: old == event_came -> taken = nobody; break
#ifdef EVENTS_DO_NOT_LAST
  :: old == nobody -> taken = nobody; break
#else
  :: old == nobody && !by_event -> taken = nobody; break
#endif
  :: else ->
     atomic {
       if
#ifdef TAKEN_BY_STORE
       :: true ->
#else
       :: word == old ->
#endif
          word = (by_event -> event_came : nobody);
          taken = old;
          break
#ifndef TAKEN_BY_STORE
       :: else -> old = word
#endif
       fi
     }
  od;
  old = nobody
}

inline tell() {
  atomic {
    if
    :: taken == goroutine -> tokens++; assert(tokens == 1)
    :: taken == listener -> notices++; assert(listening && notices == 1)
    :: else -> skip
    fi;
    taken = nobody
  }
}

proctype poller() {
  mtype old = nobody, taken = nobody;
  byte late_left = LATE;
end:
  do
  :: atomic { edge -> edge = false }
     take_waiter(true);
     tell()
  :: atomic { late_left > 0 -> late_left-- }
     if
     :: true -> take_waiter(true); tell()
     :: true
     fi
  od
}

proctype kernel() {
  do
  :: atomic { kernel_left > 0 -> bytes++; edge = true; kernel_left-- }
  :: atomic { kernel_left > 0 -> kernel_left-- }  /* or does not come */
  :: kernel_left == 0 -> break
  od
}

proctype closer() {
  mtype old = nobody, taken = nobody;
  if
  :: true -> goto stays_open
  :: true
  fi;
  atomic { no_more = true; operations++ }
#ifdef LOOKS_BEFORE_CLOSING
  old = word;
  closing = true;
  if
  :: old == nobody -> skip
  :: else -> take_waiter(false)
  fi;
#else
  closing = true;
#ifndef WAKES_NOBODY
  take_waiter(false);
#endif
#endif
  acquire();
  deadline = none;
  armed = false;
  release();
  tell();
#ifdef FILE_CLOSED_AT_ONCE
  file_is_closed = true;
#endif
  finish();
  close_returned = true;
stays_open:
  skip
}

/* The lock is held. */
inline expire() {
#ifdef LOOKS_BEFORE_EXPIRING
  old = word;
  expired = true;
  if
  :: old == nobody -> skip
  :: else -> take_waiter(false)
  fi
#else
  expired = true;
  take_waiter(false)
#endif
}

proctype owner_of_deadline() {
  mtype old = nobody, taken = nobody;
  byte n;
  do
  :: n < DEADLINES ->
     n++;
#ifdef CLOSING_SEEN_WITHOUT_LOCK
     if
     :: closing -> break
     :: else -> acquire()
     fi;
#else
     acquire();
     if
     :: closing -> release(); break
     :: else -> skip
     fi;
#endif
     if
     :: deadline = passed; expire(); release(); tell()
     :: deadline = none; expired = false; release()
     :: deadline = to_come; expired = false; armed = true; release()
     fi
  :: else -> break
  od
}

/* Any moment may be the one at which the deadline to come has passed. */
proctype clock() {
  mtype old = nobody, taken = nobody;
end:
  do
  :: atomic { armed -> armed = false }
#ifdef DEADLINE_SEEN_WITHOUT_LOCK
     if
     :: armed || deadline == none -> skip
     :: else -> acquire(); expire(); release()
     fi;
#else
     acquire();
     if
     :: armed || deadline == none -> skip
     :: else -> expire()
     fi;
     release();
#endif
     tell()
  od
}

/* --- who waits */

inline begin() {
  atomic {
    if
    :: no_more -> status = closed
    :: else -> operations++; status = again
    fi
  }
  if
  :: status == again ->
     status = told_to_stop;
     if
     :: status != done -> finish()
     :: else -> skip
     fi
  :: else -> skip
  fi
}

inline take_event() {
  if
  :: word == event_came -> atomic { assert(word == event_came); word = nobody; had_event = true }
  :: else -> had_event = false
  fi
}

inline receive() {
#ifndef EVENT_TAKEN_AFTER_CALL
  take_event();
#endif
  atomic {
    assert(!file_is_closed);
    if
    :: bytes == 0 -> got = false; drained = true
    :: bytes > 0 -> got = true; bytes = 0; drained = true
    :: bytes > 0 -> got = true; bytes--; drained = false
    fi
  }
#ifdef EVENT_TAKEN_AFTER_CALL
  take_event()
#else
  had_event = false
#endif
}

inline wait() {
  take_event();
  if
  :: had_event -> had_event = false; status = told_to_stop
  :: else ->
#ifdef LOOKS_BEFORE_ARRIVING
     status = told_to_stop;
#endif
     atomic {
       got = (word == nobody);
       word = (word == nobody -> arriving : word)
     }
     if
     :: !got -> status = told_to_stop
     :: else ->
        got = false;
#ifdef NO_LOOK_AFTER_ARRIVING
        status = done;
#endif
#if !defined(LOOKS_BEFORE_ARRIVING) && !defined(NO_LOOK_AFTER_ARRIVING)
        status = told_to_stop;
#endif
        if
        :: status == done -> park()
        :: else -> skip
        fi;
        atomic {
          assert(word == nobody || word == arriving || word == event_came);
          word = nobody
        }
        status = told_to_stop
     fi
  fi
}

inline park() {
#ifdef COMMIT_STORES
  atomic { waits = true; word = goroutine }
#else
  atomic { waits = (word == arriving); word = (word == arriving -> goroutine : word) }
#endif
  if
  :: waits ->
end_waits:
     atomic { tokens > 0 -> tokens--; waits = false }
  :: else -> skip
  fi
}

inline read() {
  begin();
  if
  :: status == done ->
     if
     :: drained && word != event_came -> got = false
     :: else -> receive()
     fi;
     do
     :: !got ->
        wait();
        if
        :: status == done -> receive()
        :: else -> break
        fi
     :: else -> break
     od;
#ifndef STAYS_DRAINED
     drained = (status == done -> drained : false);
#endif
     got = false;
     finish()
  :: else -> skip
  fi
}

/* As connections of the server do, only when they have read all there was, or nothing yet (server_connection::can_listen). */
#ifdef LISTENS_WITH_BYTES_LEFT
#define can_listen true
#else
#define can_listen (n == 1 || drained && word != event_came)
#endif

/* The connection hears of it, or gives up, or is told to go on by itself. */
inline listen() {
  listening = true;
  atomic { got = (word == nobody); word = (word == nobody -> listener : word) }
  if
  :: !got -> drained = false; listening = false
  :: else ->
     got = false;
#ifdef NO_LOOK_AFTER_LISTENING
     had_event = false;
#else
     had_event = (told_to_stop != done);
#endif
     do
     :: had_event -> stop_listening(); had_event = false
     :: !had_event && listening ->
end_listens:
        if
        :: atomic { notices > 0 -> notices--; listening = false }
        :: gives_up && notices == 0 -> gives_up = false; had_event = true
        fi
     :: else -> break
     od
  fi
}

inline stop_listening() {
#ifdef STOPS_LISTENING_BY_STORE
  atomic { word = nobody; listening = false }
#else
  atomic {
    if
    :: word == listener -> word = nobody; listening = false
    :: else -> skip
    fi
  }
#endif
}

proctype reader() {
  mtype status;
  bool got, had_event, gives_up;
  byte n;
  if
  :: gives_up = true
  :: gives_up = false
  fi;
  do
  :: n < READS ->
     n++;
     if
     :: true
     :: can_listen -> listen()
     fi;
     read();
     if
     :: status == closed -> break
     :: else -> skip
     fi
  :: else -> break
  od
}

init {
  atomic { run reader(); run poller(); run kernel(); run closer(); run owner_of_deadline(); run clock() }
  timeout ->
  assert(tokens == 0 && notices == 0 && !lock && !edge);
  assert(!(waits || listening) || bytes == 0 && !closing && !expired);
  assert(waits == (word == goroutine) && listening == (word == listener) && word != arriving);
  assert(!expired || deadline != none || closing);
  assert(!close_returned || deadline == none && !armed);
  assert(closing == close_returned && file_is_closed == closing && operations == waits)
}
