//! A mail server of the run's own: it keeps what it is given, and holds its answers back while it is told to.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::Result;

/// The mails that it has received, and its behaviour.
#[derive(Default)]
struct State {
    holds: bool,
    /// The number of times that a mail was taken, by its recipient.
    taken: HashMap<String, u32>,
    /// The number of mails that wait for an answer.
    waiting: u32,
}

/// The server; its threads end with the process.
pub(super) struct MailServer {
    pub(super) port: u16,
    shared: Arc<(Mutex<State>, Condvar)>,
}

fn state(shared: &(Mutex<State>, Condvar)) -> MutexGuard<'_, State> {
    shared.0.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MailServer {
    pub(super) fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new((Mutex::new(State::default()), Condvar::new()));
        let kept = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                // A client that goes away ends its own conversation.
                thread::spawn(move || drop(converse(stream, &kept)));
            }
        });
        Ok(Self { port, shared })
    }

    /// Has it answer no mail, or answer again.
    pub(super) fn hold(&self, holds: bool) {
        state(&self.shared).holds = holds;
        self.shared.1.notify_all();
    }

    /// Returns the number of mails that wait for an answer.
    pub(super) fn waiting(&self) -> u32 {
        state(&self.shared).waiting
    }

    /// Returns the number of mails that each recipient was sent.
    pub(super) fn taken(&self) -> HashMap<String, u32> {
        state(&self.shared).taken.clone()
    }
}

fn converse(stream: TcpStream, shared: &(Mutex<State>, Condvar)) -> Result<()> {
    let mut write = stream.try_clone()?;
    let mut read = BufReader::new(stream);
    let mut say = move |words: &str| write.write_all(format!("{words}\r\n").as_bytes());
    say("220 soak ESMTP")?;
    let (mut line, mut recipient) = (String::new(), String::new());
    loop {
        line.clear();
        if read.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let word = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        match word.as_str() {
            "QUIT" => return Ok(say("221 bye")?),
            "RCPT" => {
                recipient = line.trim().rsplit(['<', '>']).nth(1).unwrap_or_default().to_owned();
                say("250 ok")?;
            }
            "DATA" => {
                say("354 go on")?;
                while read.read_line(&mut line)? > 0 && !line.ends_with("\r\n.\r\n") {}
                let mut held = state(shared);
                held.waiting += 1;
                while held.holds {
                    held = shared.1.wait(held).unwrap_or_else(PoisonError::into_inner);
                }
                held.waiting -= 1;
                // Who is gone by now was told nothing, and the mail was not taken.
                read.get_ref().set_nonblocking(true)?;
                let gone = matches!(read.get_ref().peek(&mut [0]), Ok(0));
                read.get_ref().set_nonblocking(false)?;
                if gone {
                    return Ok(());
                }
                *held.taken.entry(recipient.clone()).or_default() += 1;
                drop(held);
                say("250 kept")?;
            }
            _ => say("250 ok")?,
        }
    }
}
