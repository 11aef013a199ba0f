// SPDX-License-Identifier: MIT
//
// How a goroutine leaves its stack and comes back: others may find it only once its context is stored, and whoever takes it
// out of what it waits in wakes it, once.
//
// Stands for:
//
//   meet()        channels/core.cpp: send() and receive() of an unbuffered channel. Under its lock claim_first(), then ready()
//                 without the lock; or enqueue() and park(), and the lock is released by unlock_after_switch()
//   await()       descriptor::wait: a word says that somebody arrives, and commit_wait() puts the goroutine there, or refuses
//                 because the event came first
//   give_way()    yield(): back to the queue, after the switch
//   leave()       park() and switch_to: the next is picked while the lock may be held, installed, and jumped to
//   arrive()      finish_switch() and committed(), on the other side of the jump: context, state, commit, refused()
//   make_ready()  scheduler::ready and ready_elsewhere
//   stranger      park_thread(): a thread that is no worker waits in the same line, and sleeps on a word of its own
//   poller        descriptor::take_waiter by an event, and ready()
//
// All queues of goroutines that are ready are one here: by theft every worker may come by every goroutine. How workers
// learn that there is one is the matter of idle.pml. Steps happen in the order in which they are written: what meets here is
// ordered by locks, locked instructions and releases, and no look depends on a store of the same thread before it.
//
// At every step: a goroutine is resumed only with its context stored, on no stack, runnable, and was made so once; who
// runs is `running`. When nothing moves any more: all have come through all their rounds, the lock is free, nobody waits.
//
// What check_models.py runs:
//   size -DWORKERS=2
//   size -DWORKERS=3
//   mutant UNLOCKED_BEFORE_SWITCH
//   mutant QUEUED_BEFORE_SWITCH
//   mutant PARKED_AFTER_COMMIT
//   mutant COMMIT_STORES
//   mutant COMMIT_LOOKS_THEN_STORES
//   mutant REFUSES_THOUGH_FOUND
//   mutant REFUSED_IS_FORGOTTEN
//   mutant TAKEN_OUT_WITHOUT_LOCK
//   mutant WAKES_NOBODY
//   mutant POLLER_STORES
//   mutant WORD_CLEARED_LATE -DROUNDS=2

#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif

#define SENDER 0     /* sends ROUNDS values */
#define RECEIVER 1   /* receives those of both senders */
#define LISTENER 2   /* waits for ROUNDS events, and gives way after each */
#define STRANGER 3   /* sends ROUNDS values */
#define EVERYBODY 4
#define own_stack 254
#define nobody 255
#define arriving 253
#define event_came 252

mtype = { running, parked, runnable };
mtype = { meeting, awaiting, giving_way };

bool channel_lock;
chan in_line = [EVERYBODY] of { byte };
bool receiver_in_line;
byte word = nobody;  /* or arriving, event_came, a goroutine */

mtype state[EVERYBODY] = runnable;
mtype kind[EVERYBODY];
bool context[EVERYBODY] = true;
bool on_stack[EVERYBODY];
byte made_ready[EVERYBODY];
byte rounds[EVERYBODY];
bool gives_way;
bool wake_word;
byte left_to_do;

chan queue = [2 * EVERYBODY] of { byte };

#define lock() atomic { !channel_lock -> channel_lock = true }
#define unlock() channel_lock = false

/* --- to be found */

inline make_runnable(one) {
  atomic {
    made_ready[one]++;
    assert(made_ready[one] == 1);
    state[one] = runnable;
    queue!one
  }
}

inline make_ready(one) {
  if
  :: one == STRANGER ->
     atomic { made_ready[STRANGER]++; assert(made_ready[STRANGER] == 1); state[STRANGER] = running }
     wake_word = true
  :: else -> make_runnable(one)
  fi
}

inline install() {
  assert(context[g] && !on_stack[g]);
  assert(state[g] == runnable && made_ready[g] == 1);
  made_ready[g] = 0;
  context[g] = false;
  on_stack[g] = true;
  state[g] = running
}

/* --- the switch */

inline leave(why) {
  kind[g] = why;
#ifdef UNLOCKED_BEFORE_SWITCH
  if
  :: kind[g] == meeting -> unlock()
  :: else -> skip
  fi;
#endif
#ifdef QUEUED_BEFORE_SWITCH
  if
  :: kind[g] == giving_way -> make_runnable(g)
  :: else -> skip
  fi;
#endif
  left = g;
  atomic {
    if
    :: queue?g -> install()
    :: empty(queue) -> g = own_stack
    fi
  }
  on_stack[left] = false
}

/* What the one that left wanted done. */
inline arrive() {
  context[left] = true;
#ifndef PARKED_AFTER_COMMIT
  state[left] = parked;
#endif
  if
#ifdef QUEUED_BEFORE_SWITCH
  :: kind[left] == giving_way -> skip
#else
  :: kind[left] == giving_way -> make_runnable(left)
#endif
#ifdef UNLOCKED_BEFORE_SWITCH
  :: kind[left] == meeting -> skip
#else
  :: kind[left] == meeting -> unlock()
#endif
  :: kind[left] == awaiting ->
     commit();
     if
     :: refused -> refused = false; after_refusal()
     :: else -> skip
     fi
  fi;
#ifdef PARKED_AFTER_COMMIT
  state[left] = parked;
#endif
  left = nobody
}

inline commit() {
#ifdef COMMIT_STORES
  word = left
#else
#ifdef COMMIT_LOOKS_THEN_STORES
  if
  :: word == arriving -> word = left
  :: else -> refused = true
  fi
#else
  atomic {
    if
    :: word == arriving ->
       word = left;
#ifdef REFUSES_THOUGH_FOUND
       refused = true
#endif
    :: else -> refused = true
    fi
  }
#endif
#endif
}

inline after_refusal() {
#ifdef REFUSED_IS_FORGOTTEN
  skip
#else
  make_runnable(left)
#endif
}

/* --- what they do */

/* Who is in line wants what `me` offers, or else waits for the same. */
#define somebody_for(me) (len(in_line) > 0 && (me == RECEIVER) != receiver_in_line)

inline meet(me) {
#ifndef TAKEN_OUT_WITHOUT_LOCK
  lock();
#endif
  if
  :: somebody_for(me) ->
#ifdef TAKEN_OUT_WITHOUT_LOCK
     in_line?<other>;
     if
     :: in_line??[eval(other)] -> in_line??eval(other)
     :: !in_line??[eval(other)] -> skip
     fi;
#else
     in_line?other;
     unlock();
#endif
#ifndef WAKES_NOBODY
     make_ready(other);
#endif
     rounds[me]++;
     met = true
  :: else ->
#ifdef TAKEN_OUT_WITHOUT_LOCK
     lock();
#endif
     in_line!me;
     receiver_in_line = (me == RECEIVER);
     rounds[me]++;
     met = false
  fi
}

/* Once the word has been emptied an event ends the round; anything else is tried again. */
inline await() {
  if
  :: word == event_came -> atomic { word = nobody; rounds[g]++; gives_way = true }
  :: else ->
     atomic {
       if
       :: word == event_came -> met = true
       :: else -> assert(word == nobody); word = arriving; met = false
       fi
     }
     if
     :: met -> skip
     :: else -> leave(awaiting)
     fi
  fi
}

inline body() {
  assert(state[g] == running);
  if
  :: g == SENDER && rounds[g] == ROUNDS || g == RECEIVER && rounds[g] == 2 * ROUNDS ||
     g == LISTENER && rounds[g] == ROUNDS && !gives_way ->
     atomic { on_stack[g] = false; left_to_do--; g = own_stack }
  :: g == LISTENER && gives_way -> gives_way = false; leave(giving_way)
  :: g == LISTENER && rounds[g] < ROUNDS && !gives_way -> await()
  :: g == SENDER && rounds[g] < ROUNDS || g == RECEIVER && rounds[g] < 2 * ROUNDS ->
     meet(g);
     if
     :: met -> skip
     :: else -> leave(meeting)
     fi
  fi
}

proctype worker() {
  byte g = own_stack, left = nobody, other = nobody;
  bool refused, met;
end:
  do
  :: left != nobody -> arrive()
  :: atomic { left == nobody && g == own_stack && nempty(queue) -> queue?g; install() }
  :: left == nobody && g != own_stack -> body()
  od
}

proctype stranger() {
  byte other = nobody;
  bool met;
  state[STRANGER] = running;
  do
  :: rounds[STRANGER] < ROUNDS ->
#ifndef WORD_CLEARED_LATE
     wake_word = false;
#endif
     meet(STRANGER);
     if
     :: met -> skip
     :: else ->
        state[STRANGER] = parked;
        unlock();
#ifdef WORD_CLEARED_LATE
        wake_word = false;
#endif
        wake_word;
        atomic { made_ready[STRANGER] = 0; state[STRANGER] = running }
     fi
  :: else -> break
  od;
  left_to_do--
}

proctype poller() {
  byte events, taken = nobody;
  do
  :: events < ROUNDS ->
     /* An event that finds the last one untouched says nothing new. */
     word != event_came;
#ifdef POLLER_STORES
     taken = word;
     word = event_came;
#else
     atomic { taken = word; word = event_came }
#endif
     if
     :: taken < EVERYBODY -> make_ready(taken)
     :: else -> skip
     fi;
     taken = nobody;
     events++
  :: else -> break
  od
}

init {
  byte i;
  atomic {
    left_to_do = EVERYBODY;
    for (i : 0 .. LISTENER) { make_runnable(i) }
    for (i : 1 .. WORKERS) { run worker() }
    run stranger();
    run poller()
  }
  timeout ->
  assert(left_to_do == 0 && !channel_lock && empty(in_line) && empty(queue));
  assert(word == nobody)
}
