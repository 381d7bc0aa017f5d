//! The clients of a scenario, played over TCP: a connection and a thread for each.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::response::{self, Response};
use super::run::{Ending, Event, Events};
use super::scenario::{Client, Step};

/// The load starts so long after it was asked for, when all threads are there.
const LEAD: Duration = Duration::from_millis(30);

/// What is done at a time while the clients go on.
pub(super) struct Action<'a> {
    /// From the load's start.
    pub(super) at: Duration,
    /// What is done.
    pub(super) act: Box<dyn FnOnce() + Send + 'a>,
}

/// Plays the clients and the actions to their ends. Returns what each client saw.
pub(super) fn play(clients: &[Client], actions: Vec<Action>, address: SocketAddr) -> Vec<Events> {
    let start = Instant::now() + LEAD;
    thread::scope(|scope| {
        for action in actions {
            scope.spawn(move || {
                wait_until(start + action.at);
                (action.act)();
            });
        }
        // One thread connects them and sends what they begin with, so that a busy machine does not
        // change their order.
        let mut order: Vec<usize> = (0..clients.len()).collect();
        order.sort_by_key(|index| clients[*index].at);
        let mut threads = Vec::new();
        for index in order {
            let Client { at, steps } = &clients[index];
            wait_until(start + *at);
            let mut connection = Connection::new(address, start);
            let first = steps
                .iter()
                .take_while(|step| matches!(step, Step::Send(_)))
                .count();
            let (first, rest) = steps.split_at(first);
            connection.play(first);
            let rest = scope.spawn(move || {
                connection.play(rest);
                connection.events
            });
            threads.push((index, rest));
        }
        threads.sort_by_key(|(index, _)| *index);
        threads
            .into_iter()
            .map(|(_, thread)| thread.join().unwrap_or_default())
            .collect()
    })
}

/// One request alone, and how long it took.
///
/// # Errors
/// When it was not answered.
pub(super) fn time_alone(path: &str, address: SocketAddr) -> io::Result<Duration> {
    let start = Instant::now();
    let mut connection = Connection::new(address, start);
    connection.play(&[
        Step::Send(super::scenario::get(path)),
        Step::Response(Duration::from_mins(1)),
    ]);
    match connection.events[..] {
        [
            Event {
                ending: Ending::Answered(200),
                ..
            },
        ] => Ok(start.elapsed()),
        _ => Err(io::Error::other(format!("no answer for {path}"))),
    }
}

fn wait_until(time: Instant) {
    thread::sleep(time.saturating_duration_since(Instant::now()));
}

/// A client's connection.
struct Connection {
    stream: Option<TcpStream>,
    start: Instant,
    /// What was read and is of no response yet.
    buffer: Vec<u8>,
    /// Whether the server has closed.
    closed: bool,
    events: Events,
}

impl Connection {
    fn new(address: SocketAddr, start: Instant) -> Self {
        let stream = TcpStream::connect(address).and_then(|stream| {
            stream.set_nodelay(true)?;
            Ok(stream)
        });
        Self {
            closed: stream.is_err(),
            stream: stream.ok(),
            start,
            buffer: Vec::new(),
            events: Events::new(),
        }
    }

    fn play(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Send(bytes) => self.send(bytes),
                Step::Drip(pause, bytes) => {
                    // By the clock, so that the delays of a busy machine do not add up.
                    let begin = Instant::now();
                    for (byte, number) in bytes.chunks(1).zip(1..) {
                        wait_until(begin + *pause * number);
                        self.send(byte);
                    }
                }
                Step::Sleep(time) => thread::sleep(*time),
                Step::Response(limit) => self.read_response(*limit),
                Step::End(limit) => self.read_end(*limit),
                Step::Finish => self.finish(),
                Step::Close => self.stream = None,
            }
        }
    }

    /// What the server does not take shows in its answer, or in that there is none.
    fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.as_mut().map(|stream| stream.write_all(bytes));
    }

    fn finish(&mut self) {
        let _ = self
            .stream
            .as_ref()
            .map(|stream| stream.shutdown(Shutdown::Write));
    }

    fn read_response(&mut self, limit: Duration) {
        let deadline = Instant::now() + limit;
        let mut first = None;
        let (response, in_time) = loop {
            let response = response::parse(&self.buffer, self.closed);
            if first.is_none() && !self.buffer.is_empty() {
                first = Some(self.now());
            }
            let is_whole = response
                .as_ref()
                .is_some_and(|response| response.whole.is_some());
            if is_whole || self.closed {
                break (response, true);
            }
            if !self.read(deadline) {
                break (response, false);
            }
        };
        let ending = match &response {
            Some(Response {
                status,
                whole: Some(_),
                ..
            }) => Ending::Answered(*status),
            Some(Response { status, .. }) => Ending::Cut(*status),
            None if in_time => Ending::Dropped,
            None => Ending::TimedOut,
        };
        let taken = response.as_ref().and_then(|response| response.whole);
        self.buffer.drain(..taken.unwrap_or(self.buffer.len()));
        self.events.push(Event {
            ending,
            first,
            end: self.now(),
            process: response.and_then(|response| response::process(&response.body)),
        });
    }

    fn read_end(&mut self, limit: Duration) {
        let deadline = Instant::now() + limit;
        while !self.closed && self.read(deadline) {}
        self.events.push(Event {
            ending: if self.closed {
                Ending::Closed
            } else {
                Ending::TimedOut
            },
            first: None,
            end: self.now(),
            process: None,
        });
    }

    /// Reads what comes next. `false` if nothing has come before the deadline.
    fn read(&mut self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        let Some(stream) = self.stream.as_mut().filter(|_| !left.is_zero()) else {
            return false;
        };
        // So many at once: the response is parsed anew for each.
        let mut bytes = vec![0; 256 * 1024];
        let read = stream
            .set_read_timeout(Some(left))
            .and_then(|()| stream.read(&mut bytes));
        match read {
            Ok(0) => self.closed = true,
            Ok(length) => self.buffer.extend_from_slice(&bytes[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                ) =>
            {
                return false;
            }
            // A reset: what came before it counts.
            Err(_) => self.closed = true,
        }
        true
    }

    fn now(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::net::TcpListener;

    use super::*;

    /// A server that answers each connection with the next of these, and closes it.
    fn server(answers: &'static [&'static [u8]]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).unwrap();
                stream.write_all(answer).unwrap();
            }
        });
        address
    }

    fn client(at: u64, steps: &[Step]) -> Client {
        Client {
            at: Duration::from_millis(at),
            steps: steps.to_vec(),
        }
    }

    #[test]
    fn each_client_tells_how_its_requests_ended() {
        let address = server(&[
            b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n12/Main ",
            b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n12",
            b"",
        ]);
        let limit = Duration::from_secs(30);
        let steps = [
            Step::Send(super::super::scenario::get("/")),
            Step::Response(limit),
            Step::End(limit),
        ];
        // One after the other: each waits for the server's close.
        let seen: Vec<Events> = (0..3)
            .map(|_| play(&[client(0, &steps)], Vec::new(), address).remove(0))
            .collect();
        let endings: Vec<Vec<Ending>> = seen
            .iter()
            .map(|events| events.iter().map(|event| event.ending).collect())
            .collect();
        assert_eq!(
            endings,
            [
                [Ending::Answered(200), Ending::Closed],
                [Ending::Cut(200), Ending::Closed],
                [Ending::Dropped, Ending::Closed],
            ]
        );
        assert_eq!(seen[0][0].process, Some(12));
    }

    #[test]
    fn a_server_that_is_not_there_drops_the_request() {
        let address = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let steps = [
            Step::Send(b"x".to_vec()),
            Step::Response(Duration::from_secs(30)),
        ];
        let seen = play(&[client(0, &steps)], Vec::new(), address);
        assert_eq!(seen[0][0].ending, Ending::Dropped);
    }

    #[test]
    fn actions_happen_while_the_clients_go_on() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answer = Action {
            at: Duration::from_millis(20),
            act: Box::new(move || {
                let (mut stream, _) = listener.accept().unwrap();
                stream
                    .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
                    .unwrap();
            }),
        };
        let seen = play(
            &[client(0, &[Step::Response(Duration::from_secs(30))])],
            vec![answer],
            address,
        );
        assert_eq!(seen[0][0].ending, Ending::Answered(204));
        assert!(seen[0][0].end >= 0.02);
    }
}
