// SPDX-License-Identifier: MIT
//
// How work and workers that fall asleep meet. No work may lie in a queue while a worker could take it and nobody will.
//
// Stands for (one step here is one access to memory there that another thread can see, or one section under a lock):
//
//   inject()          scheduler::inject, inject_queue::push
//   add_here()        scheduler::make_runnable and start: push to the own queue; work_added without silence
//   take_injected()   scheduler::take_injected, inject_queue::take: one to run, the rest of the batch to the own queue
//   pop_own()         run_queue::pop
//   steal()           run_queue::steal by steal_from
//   begin_search()    scheduler::begin_search
//   end_search()      scheduler::end_search
//   enter_idle()      scheduler::enter_idle, the half of sleep_idle before its fence
//   look_everywhere() scheduler::work_visible
//   take_place()      scheduler::take_place
//   wake_for_work()   scheduler::wake_for_work (wake_for_added is the same for us), wake_searcher, call_searcher
//   worker            scheduler::find_work, search, sleep_idle, sleep_once; a thread that start_searcher() would start is one
//                     that is asleep at the beginning
//
// Memory is that of x86: what a thread stores waits in its `buffer`, in order, and reaches `memory` at any later moment;
// loads come from memory; a locked instruction and a fence wait until the own buffer is empty. The only loads that may meet a
// store of the same thread in its buffer are those of its own queue's tail, of which it keeps a copy, and in take_injected();
// before the others it has always been emptied. What only the holder of a lock or the owner of a
// worker touches lies outside of `memory` and changes at once: the lock's release follows the stores in the buffer.
//
// A goroutine runs at once to its end, or computes until the world stands still: then (`all_rest`)
//
//   work conservation   nothing lies in a queue while a place is free (so too: nobody is lost, nobody sleeps on a ring)
//   bookkeeping         nobody is held for a searcher; `present` is the number of workers with a place
//
// and when those that compute have ended too, all were run, once. At every step: at most one searches, at most PLACES
// workers hold a place, no buffer overflows.
//
// Left out: the monitor (what only its look would repair is wrong here), timers and the poller, blocking calls, resizing,
// the quiet filling of run_next, a thread that cannot be started.
//
// What check_models.py runs:
//   size -DADDS=2 -DCHILDREN=0
//   size -DWORKERS=3 -DADDS=1 -DCHILDREN=1
//   mutant NO_ADDER_FENCE
//   mutant NO_SLEEPER_FENCE
//   mutant NO_END_OF_SEARCH_FENCE -DADDERS=2 -DADDS=1 -DCHILDREN=0
//   mutant NO_LOOK_AFTER_SEARCH
//   mutant NO_LOOK_AFTER_NOT_WANTED -DCHILDREN=1
//   mutant NO_LOOK_AT_PLACES
//   mutant NO_LOOK_AT_OWN_PLACE
//   mutant LOOK_TOO_EARLY
//   mutant LOOK_AT_INJECTED_ONLY
//   mutant WORD_CLEARED_LATE
//   mutant STORE_FOR_EXCHANGE
//   mutant REST_OF_BATCH_KEPT_QUIET

#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef ADDERS
#define ADDERS 1    /* threads from outside */
#endif
#ifndef ADDS
#define ADDS 2      /* goroutines that each of them injects */
#endif
#ifndef CHILDREN
#define CHILDREN 1  /* goroutines that those start, all in all */
#endif

#define PLACES WORKERS
#define THREADS (WORKERS + ADDERS)
#define ALL (ADDERS * ADDS)

/* What is stored and loaded without a lock. */
#define PRESENT 0
#define SEARCHING 1
#define INJECTED 2         /* the size of the inject queue, a hint */
#define INJECT_LOCK 3
#define PLACES_LOCK 4
#define TAIL(w) (5 + (w))  /* of a worker's queue */
#define WORD(w) (5 + WORKERS + (w))
byte memory[5 + 2 * WORKERS];
chan buffer[THREADS] = [6] of { byte, byte };

/* Under the inject lock. */
byte injected;
/* Under the places lock. */
bool idle[WORKERS];
bool placed[WORKERS];
/* Changed by locked instructions only. */
byte head[WORKERS];
/* A worker's own, or handed to it with its word. */
byte own_tail[WORKERS];
bool searching[WORKERS];

byte children = CHILDREN;
byte runs;
byte adders_left = ADDERS;
bool go_on;

#define store(at, v) assert(nfull(buffer[me])); buffer[me]!at, v
#define drained empty(buffer[me])
#define locked(l) drained && memory[l] == 0 -> memory[l] = 1
#define unlock(l) store(l, 0)
#define seen_in(w) (memory[TAIL(w)] != head[w])
#if WORKERS > 2
#define nobody_searches !(searching[0] || searching[1] || searching[2])
#else
#define nobody_searches !(searching[0] || searching[1])
#endif
#define child_wanted atomic { children > 0 -> children-- }

#ifdef NO_ADDER_FENCE
#define adder_fence skip
#else
#define adder_fence drained
#endif
#ifdef NO_SLEEPER_FENCE
#define sleeper_fence skip
#else
#define sleeper_fence drained
#endif
#ifdef NO_END_OF_SEARCH_FENCE
#define end_of_search_fence skip
#else
#define end_of_search_fence drained
#endif

proctype cache(byte me) {
  byte at, v;
end:
  do
  :: d_step { buffer[me]?at, v -> memory[at] = v; at = 0; v = 0 }
  od
}

/* --- who adds work */

inline inject() {
  atomic {
    locked(INJECT_LOCK);
    injected++;
    store(INJECTED, injected);
    unlock(INJECT_LOCK)
  }
}

inline add_here() {
  atomic { own_tail[me]++; store(TAIL(me), own_tail[me]) }
  wake_for_work()
}

inline look_everywhere() {
  visible = (memory[INJECTED] != 0);
  at = 0;
  do
  :: !visible && at < WORKERS -> atomic { visible = seen_in(at); at++ }
  :: else -> break
  od;
  at = 0
}

inline wake_for_work() {
  do
  :: adder_fence;
     if
     :: memory[PRESENT] < PLACES -> skip
     :: else -> break
     fi;
     if
     :: memory[SEARCHING] == 0 -> skip
     :: else -> break
     fi;
#ifdef STORE_FOR_EXCHANGE
     atomic { drained -> won = true; memory[SEARCHING] = 1 }
#else
     atomic { drained -> won = (memory[SEARCHING] == 0); memory[SEARCHING] = 1 }
#endif
     if
     :: !won -> break
     :: else -> skip
     fi;
     atomic {
       locked(PLACES_LOCK);
       won = false;
       if
#ifndef NO_LOOK_AT_PLACES
       :: memory[PRESENT] >= PLACES -> skip
       :: else ->
#else
       :: true ->
#endif
          won = true;
          if  /* whichever; there it is the last that fell asleep */
          :: idle[0] -> at = 0
          :: idle[1] -> at = 1
#if WORKERS > 2
          :: idle[2] -> at = 2
#endif
          fi;
          idle[at] = false;
          assert(!placed[at]);
          placed[at] = true;
          assert(nobody_searches);
          searching[at] = true;
          assert(memory[PRESENT] < PLACES);
          store(PRESENT, memory[PRESENT] + 1);
          store(WORD(at), 1);
          at = 0
       fi;
       unlock(PLACES_LOCK)
     }
     if
     :: won -> won = false; break
     :: else -> skip
     fi;
     store(SEARCHING, 0);
#ifdef NO_LOOK_AFTER_NOT_WANTED
     break
#endif
     drained;
     if
     :: memory[PRESENT] < PLACES -> skip
     :: else -> break
     fi;
     look_everywhere();
     if
     :: visible -> visible = false
     :: else -> break
     fi
  od;
  won = false
}

proctype adder(byte me) {
  byte n, at;
  bool visible, won;
  do
  :: n < ADDS -> inject(); wake_for_work(); n++
  :: else -> break
  od;
  atomic { n = 0; adders_left-- }
}

/* --- who works */

inline pop_own() {
  atomic {
    if
    :: own_tail[me] == head[me] -> found = false
    :: else ->
       drained;
       found = (own_tail[me] != head[me]);
       head[me] = head[me] + found
    fi
  }
}

inline take_injected() {
  atomic {
    /* What the same thread has changed last it sees at once; nobody else can have changed it since. */
    at = (buffer[me]??[INJECTED, _] -> injected : memory[INJECTED]);
    if
    :: at == 0 -> found = false
    :: else ->
       at = at / PLACES + 1;
       locked(INJECT_LOCK);
       at = (at < injected -> at : injected);
       injected = injected - at;
       store(INJECTED, injected);
       unlock(INJECT_LOCK);
       found = (at > 0)
    fi
  }
  if
  :: at > 1 ->
     atomic { own_tail[me] = own_tail[me] + at - 1; store(TAIL(me), own_tail[me]); at = 0 }
#ifndef REST_OF_BATCH_KEPT_QUIET
     wake_for_work()
#endif
  :: else -> at = 0
  fi
}

inline steal() {
  if
  :: seen_in(at) ->
     atomic {
       drained;
       found = seen_in(at);
       head[at] = head[at] + found
     }
  :: else -> skip
  fi
}

inline begin_search() {
  if
  :: !searching[me] && memory[SEARCHING] == 0 ->
#ifdef STORE_FOR_EXCHANGE
     atomic { drained -> assert(nobody_searches); searching[me] = true; memory[SEARCHING] = 1 }
#else
     atomic {
       drained;
       if
       :: memory[SEARCHING] == 0 -> memory[SEARCHING] = 1; assert(nobody_searches); searching[me] = true
       :: else -> skip
       fi
     }
#endif
  :: else -> skip
  fi
}

inline end_search() {
  if
  :: searching[me] ->
     atomic { searching[me] = false; store(SEARCHING, 0) }
#ifndef NO_LOOK_AFTER_SEARCH
     end_of_search_fence;
     if
     :: memory[PRESENT] < PLACES ->
        look_everywhere();
        if
        :: visible -> visible = false; wake_for_work()
        :: else -> skip
        fi
     :: else -> skip
     fi
#endif
  :: else -> skip
  fi
}

inline enter_idle() {
  atomic {
    locked(PLACES_LOCK);
    assert(placed[me]);
    placed[me] = false;
    idle[me] = true;
    store(PRESENT, memory[PRESENT] - 1);
#ifndef WORD_CLEARED_LATE
    store(WORD(me), 0);
#endif
    if
    :: searching[me] -> searching[me] = false; store(SEARCHING, 0)
    :: else -> skip
    fi;
    unlock(PLACES_LOCK)
  }
}

inline take_place() {
  atomic {
    locked(PLACES_LOCK);
    found = true;
    if
#ifndef NO_LOOK_AT_OWN_PLACE
    :: placed[me] -> skip
#endif
#ifdef NO_LOOK_AT_OWN_PLACE
    :: memory[PRESENT] >= PLACES -> found = false
#else
    :: !placed[me] && memory[PRESENT] >= PLACES -> found = false
#endif
    :: else ->
       idle[me] = false;
       placed[me] = true;
       assert(memory[PRESENT] < PLACES);
       store(PRESENT, memory[PRESENT] + 1)
    fi;
    unlock(PLACES_LOCK)
  }
}

inline look_before_sleep() {
#ifdef LOOK_AT_INJECTED_ONLY
  visible = (memory[INJECTED] != 0)
#else
  look_everywhere()
#endif
}

proctype worker(byte me) {
  byte at;
  bool found, visible, won;
  if
  :: placed[me] -> goto find_work
  :: else -> skip
  fi;

asleep:
end_asleep:
  atomic { memory[WORD(me)] != 0 && drained -> memory[WORD(me)] = 0; assert(placed[me]) }

find_work:
  pop_own();
  if
  :: found -> goto run_it
  :: else -> skip
  fi;
  take_injected();
  if
  :: found -> goto run_it
  :: else -> skip
  fi;
  begin_search();
  if
  :: searching[me] ->
     take_injected();
     at = 0;
     do
     :: !found && at < WORKERS ->
        if
        :: at != me -> steal()
        :: else -> skip
        fi;
        at++
     :: else -> break
     od;
     at = 0;
     if
     :: found -> goto run_it
     :: else -> skip
     fi
  :: else -> skip
  fi;

#ifdef LOOK_TOO_EARLY
  look_before_sleep();
#endif
  enter_idle();
#ifdef WORD_CLEARED_LATE
  store(WORD(me), 0);
#endif
#ifndef LOOK_TOO_EARLY
  sleeper_fence;
  look_before_sleep();
#endif
  if
  :: visible ->
     visible = false;
     take_place();
     if
     :: found ->
        found = false;
        store(WORD(me), 0);
        begin_search();
        goto find_work
     :: else -> goto asleep
     fi
  :: else -> goto asleep
  fi;

run_it:
  found = false;
  end_search();
  if
  :: child_wanted; add_here()
  :: skip
  fi;
  if
  :: true         /* ends at once */
  :: true; go_on  /* computes */
  fi;
  runs++;
  goto find_work
}

/* --- what must be so */

inline all_rest() {
  n = injected;
  at = 0;
  do
  :: at < WORKERS -> n = n + own_tail[at] - head[at]; at++
  :: else -> break
  od;
  assert(n == 0 || memory[PRESENT] == PLACES);
  assert(memory[SEARCHING] == 0 && adders_left == 0);
  at = 0
}

inline all_keep_count() {
  n = 0;
  at = 0;
  do
  :: at < WORKERS -> n = n + searching[at]; assert(!(placed[at] && idle[at])); at++
  :: else -> break
  od;
  assert(n <= 1);
  n = 0;
  at = 0;
  do
  :: at < WORKERS -> n = n + placed[at]; at++
  :: else -> break
  od
}

init {
  byte at, n;
  atomic {
    at = 0;
    do
    :: at < WORKERS -> idle[at] = (at != 0); at++
    :: else -> break
    od;
    placed[0] = true;
    memory[PRESENT] = 1;
    at = 0;
    do
    :: at < WORKERS -> run worker(at); run cache(at); at++
    :: at >= WORKERS && at < THREADS -> run adder(at); run cache(at); at++
    :: else -> break
    od;
    at = 0
  }
  timeout ->
  d_step { all_rest(); all_keep_count(); assert(n == memory[PRESENT]); n = 0; at = 0; go_on = true }
  timeout ->
  d_step {
    all_rest();
    all_keep_count();
    assert(n == 0 && memory[PRESENT] == 0);
    assert(runs == ALL + CHILDREN - children)
  }
}
