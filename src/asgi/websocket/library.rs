//! Which session a request has: that of the library by which its server speaks WebSocket.

use std::borrow::Cow;

use crate::http1::RequestHead;
use crate::os::Millis;
use crate::websocket::{Library, Settings};

use super::autobahn::{self, Autobahn};
use super::gunicorn::{self, Gunicorn};
use super::legacy::Legacy;
use super::sansio::Sansio;
use super::session::{Context, Session};
use super::wsproto::{self, Wsproto};

/// The session of a request that [`asks`] for a WebSocket.
#[must_use]
pub fn begin(
    head: &RequestHead,
    settings: &Settings,
    context: Context,
    now: Millis,
    date: &str,
) -> Box<dyn Session> {
    match settings.imitates {
        Library::Autobahn => Box::new(Autobahn::new(head, settings, now)),
        Library::Gunicorn => Box::new(Gunicorn::new(head, settings)),
        Library::Legacy => Box::new(Legacy::new(head, settings, context, date)),
        Library::Wsproto => Box::new(Wsproto::new(head, settings, context)),
        Library::Websockets | Library::Browser => {
            Box::new(Sansio::new(head, settings, context, date))
        }
    }
}

/// The head as the library hands it on to the app's scope.
#[must_use]
pub fn seen<'a>(head: &'a RequestHead, settings: &Settings) -> Cow<'a, RequestHead> {
    match settings.imitates {
        Library::Wsproto => Cow::Owned(wsproto::seen(head)),
        _ => Cow::Borrowed(head),
    }
}

/// Whether a request asks for a WebSocket, by what the server looks at.
#[must_use]
pub fn asks(head: &RequestHead, settings: &Settings) -> bool {
    match settings.imitates {
        Library::Autobahn => autobahn::asks(head),
        Library::Gunicorn => gunicorn::asks(head),
        Library::Websockets | Library::Legacy | Library::Wsproto | Library::Browser => {
            upgrade(head).is_some_and(|protocol| protocol.eq_ignore_ascii_case(b"websocket"))
        }
    }
}

/// What a client asks to be upgraded to, as uvicorn looks for it.
#[must_use]
pub fn upgrade(head: &RequestHead) -> Option<&[u8]> {
    let options = head.values("connection").last()?;
    let mut options = options.split(|&byte| byte == b',');
    let asks = options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"upgrade"));
    head.values("upgrade").last().filter(|_| asks)
}
