//! Whatever bytes come, decompression neither panics nor gives more than its limit, and what was
//! compressed decompresses to what it was.

use arbitrary::{Arbitrary, Unstructured};
use wasgi::websocket::deflate::{Decoder, Encoder, Window};

/// Bits of the window, whether it is reset, the limit, and messages.
type Input = (u8, bool, u16, Vec<Vec<u8>>);

/// An [`Input`], as `arbitrary` reads it.
pub fn check(input: &[u8]) {
    let unstructured = Unstructured::new(input);
    let Ok((bits, reset, limit, messages)) = Input::arbitrary_take_rest(unstructured) else {
        return;
    };
    let window = Window {
        bits: 9 + bits % 7,
        reset,
    };
    let limit = usize::from(limit);
    let mut garbage = Decoder::new(window);
    for message in &messages {
        garbage.begin();
        if let Ok(out) = garbage.decode(message, true, limit) {
            assert!(out.len() <= limit);
        }
    }
    let (mut encoder, mut decoder) = (Encoder::new(window, 5), Decoder::new(window));
    for message in &messages {
        let compressed = encoder.encode(message);
        decoder.begin();
        let out = decoder.decode(&compressed, true, message.len());
        assert_eq!(out.as_deref(), Ok(&message[..]));
    }
}
