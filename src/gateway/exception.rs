//! Exceptions that the server raises in the app.

use strum::IntoStaticStr;

use crate::wire::strings::Strings;

/// The class of an exception, by its name with its module. Python has a class for each in
/// `wasgi_runtime.bridge.exceptions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, strum::VariantArray)]
#[allow(missing_docs)] // Their names say it.
pub enum ExceptionClass {
    AssertionError,
    AttributeError,
    ConnectionResetError,
    KeyError,
    RuntimeError,
    TypeError,
    ValueError,

    #[strum(serialize = "struct.error")]
    StructError,

    #[strum(serialize = "autobahn.exception.Disconnected")]
    ClosedProtocol,
    #[strum(serialize = "autobahn.exception.PayloadExceededError")]
    PayloadExceeded,

    #[strum(serialize = "gunicorn.asgi.websocket.WebSocketDisconnected")]
    WebSocketDisconnected,

    #[strum(serialize = "gunicorn.http.errors.ChunkMissingTerminator")]
    ChunkMissingTerminator,
    #[strum(serialize = "gunicorn.http.errors.InvalidChunkExtension")]
    InvalidChunkExtension,
    #[strum(serialize = "gunicorn.http.errors.InvalidChunkSize")]
    InvalidChunkSize,
    #[strum(serialize = "gunicorn.http.errors.InvalidHeader")]
    InvalidHeader,
    #[strum(serialize = "gunicorn.http.errors.InvalidHeaderName")]
    InvalidHeaderName,
    #[strum(serialize = "gunicorn.http.errors.InvalidResponseHeader")]
    InvalidResponseHeader,
    #[strum(serialize = "gunicorn.http.errors.InvalidResponseHeaderName")]
    InvalidResponseHeaderName,
    #[strum(serialize = "gunicorn.http.errors.LimitRequestHeaders")]
    LimitRequestHeaders,
    #[strum(serialize = "gunicorn.http.errors.NoMoreData")]
    NoMoreData,
    #[strum(serialize = "gunicorn.http.errors.ObsoleteFolding")]
    ObsoleteFolding,

    #[strum(serialize = "h11._util.LocalProtocolError")]
    H11Local,
    #[strum(serialize = "wsproto.utilities.LocalProtocolError")]
    WsprotoLocal,

    #[strum(serialize = "uvicorn.protocols.utils.ClientDisconnected")]
    ClientDisconnected,

    #[strum(serialize = "websockets.exceptions.InvalidHeaderValue")]
    InvalidHeaderValue,
    #[strum(serialize = "websockets.exceptions.ProtocolError")]
    ProtocolError,
}

impl ExceptionClass {
    /// Its name with its module; built-in ones have none.
    #[must_use]
    pub fn path(self) -> &'static str {
        self.into()
    }
}

/// One of the values that an exception is made of (`args`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// A `str`
    Text(String),
    /// `bytes`
    Bytes(Vec<u8>),
    /// An `int`
    Number(i64),
}

/// An exception that is to be raised in the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Its class.
    pub class: ExceptionClass,
    /// What `str()` gives of it, where its class says so itself. Built-in classes show their
    /// arguments.
    pub message: String,
    /// What it is made of.
    pub arguments: Vec<Argument>,
}

impl Exception {
    /// An exception that is made of its message.
    pub fn new(class: ExceptionClass, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            class,
            arguments: vec![Argument::Text(message.clone())],
            message,
        }
    }

    /// An exception that is made of nothing.
    #[must_use]
    pub fn bare(class: ExceptionClass) -> Self {
        Self {
            class,
            message: String::new(),
            arguments: Vec::new(),
        }
    }

    /// The client has reset the connection.
    #[must_use]
    pub fn connection_reset() -> Self {
        const TEXT: &str = "Connection reset by peer";
        Self {
            class: ExceptionClass::ConnectionResetError,
            message: format!("[Errno 104] {TEXT}"),
            arguments: vec![Argument::Number(104), Argument::Text(TEXT.to_owned())],
        }
    }

    /// As Python reads it: the class, the message, then the type and the value of each argument.
    #[must_use]
    pub fn strings(&self) -> Strings {
        let mut strings = Strings::new();
        strings.push(self.class.path());
        strings.push(&self.message);
        for argument in &self.arguments {
            match argument {
                Argument::Text(text) => strings.push_pair("str", text),
                Argument::Bytes(bytes) => strings.push_pair("bytes", bytes),
                Argument::Number(number) => strings.push_pair("int", number.to_string()),
            }
        }
        strings
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;
    use crate::testing::test;

    #[test]
    fn python_has_a_class_for_each() {
        const PYTHON: &str = include_str!("../python/bridge/exceptions.py");
        for class in ExceptionClass::VARIANTS {
            let path = class.path();
            let entry = if path.contains('.') {
                format!("\"{path}\"")
            } else {
                format!("    {path},\n")
            };
            assert!(PYTHON.contains(&entry), "{path}");
        }
    }

    #[test]
    fn an_exception_crosses_with_what_it_is_made_of() {
        let strings = Exception::connection_reset().strings();
        let read: Vec<_> = strings.iter().map(String::from_utf8_lossy).collect();
        let message = "[Errno 104] Connection reset by peer";
        let text = "Connection reset by peer";
        assert_eq!(
            read,
            ["ConnectionResetError", message, "int", "104", "str", text]
        );
    }
}
