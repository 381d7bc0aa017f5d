//! The turns of the machine's loop: it takes what has come, lets the machine carry out what it
//! wants, and waits for more.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::Function;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{MessageChannel, MessagePort};

use super::links::{Bell, MachineLinks};
use super::scope::Clock;
use super::timer::Timer;
use crate::os::Millis;

/// How long messages are waited for on the bell after the last one.
const LINGER: Millis = 1.0;
/// How long the loop runs without a turn of the browser's event loop.
const TURN_AFTER: Millis = 4.0;
/// Messages that are taken before it is seen to what they ask for.
const TAKEN_TOGETHER: usize = 32;

/// What the loop works for.
pub(super) trait Work {
    /// When `tick` is due, in milliseconds since the epoch; infinite if never.
    fn deadline(&self) -> Millis;
    fn tick(&self, now: Millis);
    /// Takes the message that was said first. False: there is none.
    fn receive_next(&self) -> bool;
    /// Whether the event loop has a message to bring.
    fn is_posted(&self) -> bool;
    /// Carries out what is to be done.
    fn flush(&self);
}

/// When the loop runs, waits and sleeps.
#[derive(Debug)]
pub(super) struct Turns {
    bell: Bell,
    /// Whether memory is shared, and the bell can be waited on.
    can_wait: bool,
    is_ready: Function,
    is_called: Function,
    /// What is posted here comes back by the event loop: quicker than a timer.
    hop: MessagePort,
    _back: MessagePort,
    _on_hop: Closure<dyn Fn()>,
    timer: Timer,
    state: Rc<State>,
}

/// What its timers share with the loop.
#[derive(Debug)]
struct State {
    /// When the timer expires; infinite: it is not set.
    timer_at: Cell<Millis>,
    /// When the last message was there.
    heard_at: Cell<Millis>,
    /// Whether the event loop turns, and then there is more to do.
    turning: Cell<bool>,
}

impl Turns {
    /// `wake` is called by the event loop when there is something to do, and runs the loop.
    pub(super) fn new(
        links: &MachineLinks,
        channel: &MessageChannel,
        wake: impl Fn() + Clone + 'static,
    ) -> Self {
        let bell = links.machine_bell();
        let state = Rc::new(State {
            timer_at: Cell::new(Millis::INFINITY),
            heard_at: Cell::new(Millis::NEG_INFINITY),
            turning: Cell::new(false),
        });
        let on_hop = Closure::<dyn Fn()>::new({
            let (state, wake) = (Rc::clone(&state), wake.clone());
            move || {
                state.turning.set(false);
                wake();
            }
        });
        let timer = Timer::new({
            let state = Rc::clone(&state);
            move || {
                state.timer_at.set(Millis::INFINITY);
                wake();
            }
        });
        let back = channel.port1();
        back.set_onmessage(Some(on_hop.as_ref().unchecked_ref()));
        Self {
            can_wait: !bell.state().is_null(),
            bell,
            is_ready: links.is_ready(),
            is_called: links.is_called(),
            hop: channel.port2(),
            _back: back,
            _on_hop: on_hop,
            timer,
            state,
        }
    }

    /// Does what there is to do, then waits for more: on the bell as long as there is traffic, else
    /// in the event loop.
    pub(super) fn run(&self, work: &impl Work, clock: &Clock) {
        self.bell.awake();
        let turned_at = clock.now();
        loop {
            let begun = clock.now();
            if work.deadline() <= begun {
                work.tick(begun);
            }
            let taken = receive(work);
            work.flush();
            let now = clock.now();
            if taken {
                self.state.heard_at.set(now);
            }
            if now - turned_at > TURN_AFTER {
                if !self.state.turning.replace(true) {
                    // A number can be posted always.
                    let _ = self.hop.post_message(&JsValue::from(0));
                }
                return;
            }
            if taken {
                continue;
            }
            let rest = (self.state.heard_at.get() + LINGER - now).min(work.deadline() - now);
            if rest > 0.0 && self.can_wait && !work.is_posted() {
                self.bell.wait(&self.is_called, rest);
            } else if self.bell.sleep(&self.is_ready) {
                break;
            }
        }
        self.schedule(work.deadline(), clock);
    }

    // A timer that is no longer needed is left to fire in vain: that is cheaper than to set a new
    // one for each request.
    fn schedule(&self, at: Millis, clock: &Clock) {
        if at < self.state.timer_at.get() {
            self.state.timer_at.set(at);
            self.timer.set(at - clock.now());
        }
    }
}

/// Takes what has come, in the order in which it was said.
fn receive(work: &impl Work) -> bool {
    let mut count = 0;
    while count < TAKEN_TOGETHER && work.receive_next() {
        count += 1;
    }
    count > 0
}
