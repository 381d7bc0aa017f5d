//! The cooperative event loop of a process: its threads, the GIL, and what they wait for.
//!
//! A thread is a suspended Python stack. Here is only what decides who goes on: the queue for the
//! GIL, the timers, the queues of those who wait for something, and the intervals of the trace.
//! What suspends and resumes stacks calls in here with the time, and asks [`EventLoop::next`] whom
//! to resume. Nothing here reads a clock.
//!
//! The rules are `CPython`'s: one thread holds the GIL; waiting gives it up; who wants it waits in
//! a queue, and after the switch interval asks the holder to let go (`ceval_gil.c`); locks wake in
//! the order of arrival, and are handed over to a thread that has waited for more than a
//! millisecond (`lock.c`, `parking_lot.c`).

mod ids;
mod interval;
mod key;
mod queues;
mod scheduler;
mod signals;
mod thread;
mod timers;
mod wait;

pub use ids::{MAIN, RequestId, ThreadId};
pub use interval::Interval;
pub use key::Key;
pub use scheduler::{EventLoop, SWITCH_INTERVAL};
pub use wait::{Check, Next, Outcome, Wait, Woke, Yield};
