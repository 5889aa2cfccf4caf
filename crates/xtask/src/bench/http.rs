//! The small part of HTTP that a bench needs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result};

/// The answer of a server.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) cookie: Option<String>,
    /// All cookies.
    pub(crate) cookies: Vec<String>,
    /// The address it leads to.
    pub(crate) location: Option<String>,
    /// Whether it has Retry-After.
    pub(crate) says_when: bool,
    pub(crate) body: Vec<u8>,
}

/// A connection that is kept open.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    line: String,
}

impl Connection {
    pub(crate) fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| address.to_owned())?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self { stream: BufReader::with_capacity(1 << 16, stream), line: String::new() })
    }

    /// Sends a request as it stands and reads the answer, which must tell its length.
    pub(crate) fn send(&mut self, request: &str) -> Result<Answer> {
        self.stream.get_mut().write_all(request.as_bytes())?;
        self.next_line()?;
        let status = self.line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.with_context(|| format!("no status: {:?}", self.line))?;
        let (mut length, mut cookie, mut location, mut says_when) = (0, None, None, false);
        let mut cookies = Vec::new();
        loop {
            self.next_line()?;
            let Some((name, value)) = self.line.trim_end().split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().context("its length")?,
                // The first: the session's.
                "set-cookie" => {
                    let pair = value.split(';').next().unwrap_or_default().to_owned();
                    cookie.get_or_insert_with(|| pair.clone());
                    cookies.push(pair);
                }
                "location" => location = Some(value.to_owned()),
                "retry-after" => says_when = true,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Answer { status, cookie, cookies, location, says_when, body })
    }

    fn next_line(&mut self) -> Result<()> {
        self.line.clear();
        let read = self.stream.read_line(&mut self.line)?;
        anyhow::ensure!(read > 0, "the server closed the connection");
        Ok(())
    }
}

/// A page to be fetched: where, and as whom.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: String,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) cookie: String,
}

impl Target {
    /// The request for it.
    pub(crate) fn request(&self) -> String {
        let Self { host, path, cookie, .. } = self;
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n")
    }

    /// Fetches it once; it must be there.
    pub(crate) fn fetch(&self) -> Result<String> {
        let answer = Connection::open(&self.address)?.send(&self.request())?;
        anyhow::ensure!(answer.status == 200, "{}{}: {}", self.address, self.path, answer.status);
        Ok(String::from_utf8_lossy(&answer.body).into_owned())
    }
}

/// The request that sends a form, with these further headers (each ended by a line break).
pub(crate) fn form_request(host: &str, path: &str, headers: &str, form: &str) -> String {
    request(host, path, "application/x-www-form-urlencoded", headers, form)
}

/// The same with a text of JSON.
pub(crate) fn json_request(host: &str, path: &str, headers: &str, json: &str) -> String {
    request(host, path, "application/json", headers, json)
}

fn request(host: &str, path: &str, kind: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
}

/// Sends a form; returns the answer.
pub(crate) fn post(address: &str, host: &str, path: &str, form: &str) -> Result<Answer> {
    Connection::open(address)?.send(&form_request(host, path, "", form))
}
