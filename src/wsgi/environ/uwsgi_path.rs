//! A request's path as uWSGI makes `PATH_INFO` of it.
//!
//! It decodes, removes dot segments (RFC 3986, section 5.2.4) and stops at a `#`, all in one pass
//! over the bytes as they came, so a dot that is percent-encoded is a dot like others.

/// Where the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Within a segment.
    Segment,
    /// After a `%`.
    Percent,
    /// After a `%` and the byte that it keeps.
    HalfByte(u8),
    /// After a slash that is not written yet.
    Slash,
    /// After a slash and a dot, neither of them written.
    Dot,
    /// After a slash and two dots, none of them written.
    DotDot,
}

/// `PATH_INFO` of the part of a target before its query.
pub(super) fn of(target: &[u8]) -> Vec<u8> {
    let mut path = Vec::with_capacity(target.len());
    // A target without a slash begins as if there were one, which is not written.
    let has_slash = target.first() == Some(&b'/');
    let mut state = if has_slash || target.is_empty() {
        State::Segment
    } else {
        State::Slash
    };
    let end = target.iter().position(|&byte| byte == b'#');
    for (at, &byte) in target[..end.unwrap_or(target.len())].iter().enumerate() {
        state = match (state, byte) {
            (State::Segment | State::Dot, b'/') => State::Slash,
            (State::Segment, _) => begin(byte, &mut path),
            (State::Percent, b'%') => {
                path.push(b'%');
                State::Segment
            }
            (State::Percent, _) => State::HalfByte(byte),
            (State::HalfByte(first), _) => {
                path.push(byte_of(first, byte));
                State::Segment
            }
            (State::Slash, b'.') => State::Dot,
            (State::Slash, _) => {
                if at > 0 || has_slash {
                    path.push(b'/');
                }
                if byte == b'/' {
                    State::Slash
                } else {
                    begin(byte, &mut path)
                }
            }
            (State::Dot, b'.') => State::DotDot,
            (State::Dot, _) => {
                push_dots(&mut path, at > 1, b".");
                begin(byte, &mut path)
            }
            (State::DotDot, b'/') => {
                remove_segment(&mut path);
                State::Slash
            }
            (State::DotDot, _) => {
                push_dots(&mut path, at > 2, b"..");
                begin(byte, &mut path)
            }
        };
    }
    match state {
        State::Slash | State::Dot => path.push(b'/'),
        // Here the slash before the segment stays.
        State::DotDot => {
            let last = path.iter().rposition(|&byte| byte == b'/');
            path.truncate(last.map_or(0, |at| at + 1));
        }
        State::Segment | State::Percent | State::HalfByte(_) => {}
    }
    path
}

/// A byte of a segment.
fn begin(byte: u8, path: &mut Vec<u8>) -> State {
    if byte == b'%' {
        return State::Percent;
    }
    path.push(byte);
    State::Segment
}

/// Dots that are no segment of their own.
fn push_dots(path: &mut Vec<u8>, after_slash: bool, dots: &[u8]) {
    if after_slash {
        path.push(b'/');
    }
    path.extend_from_slice(dots);
}

/// Removes the last segment and the slash before it.
fn remove_segment(path: &mut Vec<u8>) {
    path.truncate(path.iter().rposition(|&byte| byte == b'/').unwrap_or(0));
}

/// What two digits stand for; 0 where one of them is none.
fn byte_of(first: u8, second: u8) -> u8 {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    match (digit(first), digit(second)) {
        (Some(first), Some(second)) => (first * 16 + second) as u8,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    /// Targets, and what uWSGI 2.0.31 made of them.
    const MEASURED: [(&[u8], &[u8]); 19] = [
        (b"/", b"/"),
        (b"/a/../b", b"/b"),
        (b"/a/./b", b"/a/b"),
        (b"//a//b", b"//a//b"),
        (b"/a#frag", b"/a"),
        (b"/%zz", b"/\0"),
        (b"/%2", b"/"),
        (b"/%41%2f%00", b"/A/\0"),
        (b"/a%20b+c", b"/a b+c"),
        (b"http://h/abs", b"http://h/abs"),
        (b"*", b"*"),
        (b"a", b"a"),
        (b"/..", b""),
        (b"/a/..", b"/"),
        (b"/a/.", b"/a/"),
        (b"/%2e%2e/x", b"/../x"),
        (b"/...", b"/..."),
        (b"/.a", b"/.a"),
        (b"", b""),
    ];

    #[test]
    fn a_target_becomes_the_path_that_uwsgi_makes_of_it() {
        for (target, path) in MEASURED {
            let target_text = String::from_utf8_lossy(target);
            assert_eq!(of(target), path, "{target_text}");
        }
    }

    #[test]
    fn a_percent_sign_twice_is_one() {
        assert_eq!(of(b"/a%%41"), b"/a%41");
    }
}
