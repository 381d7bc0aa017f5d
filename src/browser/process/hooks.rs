//! The hooks that gunicorn's master has Python run.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::machine::Answer;
use crate::net::frame::{FromProcess, push};

use super::Process;

/// How a hook went.
#[wasm_bindgen]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookAnswer {
    /// The configuration has been read: its command line comes with it.
    HookSettings,
    /// The hook has run.
    HookDone,
    /// The hook has raised.
    HookRaised,
}

#[wasm_bindgen]
impl Process {
    /// Puts the next hook that the master is to run, if there is one. Returns its length.
    #[wasm_bindgen(js_name = nextHook)]
    pub fn next_hook(&self) -> Option<usize> {
        let hook = self.shared.with(|base, _| base.process.hooks.pop_front())?;
        self.shared.memory.put(&hook, hook.len() as u32);
        Some(hook.len())
    }

    /// The hook has run: a text of this length says more.
    #[wasm_bindgen(js_name = answerHook)]
    pub fn answer_hook(&self, answer: HookAnswer, length: usize) {
        let text = self.shared.memory.read(length);
        let answer = match answer {
            HookAnswer::HookSettings => Answer::Settings,
            HookAnswer::HookDone => Answer::Done,
            HookAnswer::HookRaised => Answer::Raised,
        };
        self.shared.with(|base, _| {
            push(
                &mut base.process.frames,
                FromProcess::Hook,
                answer as u32,
                &text,
            );
        });
    }
}
