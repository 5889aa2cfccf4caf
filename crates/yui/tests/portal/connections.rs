//! Clients that are slow, silent or many, and a stop that none of them holds up.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use tokio::task::spawn_blocking;
use yui_db::Engine;

use crate::support::{Listening, Portal};

const SHORT: &[(&str, &str)] = &[
    ("YUI_HEAD_TIMEOUT", "1"),
    ("YUI_BODY_TIMEOUT", "1"),
    ("YUI_IDLE_TIMEOUT", "2"),
    ("YUI_STOP_TIMEOUT", "4"),
    ("YUI_CONNECTIONS_PER_ADDRESS", "6"),
];

/// How long a test waits for what has to happen at all.
const AT_MOST: Duration = Duration::from_secs(20);

fn connected(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(AT_MOST)).unwrap();
    stream
}

/// Reads until the other side ends; returns what came and after how long.
fn rest(mut stream: TcpStream) -> (String, Duration) {
    let begun = Instant::now();
    let mut all = Vec::new();
    if let Err(error) = stream.read_to_end(&mut all) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
    }
    (String::from_utf8_lossy(&all).into_owned(), begun.elapsed())
}

/// Does what blocks on a thread of its own.
async fn aside<T: Send + 'static>(what: impl FnOnce() -> T + Send + 'static) -> T {
    spawn_blocking(what).await.unwrap()
}

async fn portal() -> (Portal, Listening) {
    let portal = Portal::new(Engine::Sqlite, true).await;
    let listening = portal.listening(SHORT).await;
    (portal, listening)
}

#[tokio::test(flavor = "multi_thread")]
async fn half_heads_half_bodies_and_silence_are_cut_and_what_moves_goes_on() {
    let (_portal, listening) = portal().await;
    let address = listening.address;
    let half_head = aside(move || {
        let mut stream = connected(address);
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: ").unwrap();
        rest(stream)
    });
    let silent = aside(move || rest(connected(address)));
    let half_body = aside(move || {
        let mut stream = connected(address);
        stream
            .write_all(b"POST /demo/clock HTTP/1.1\r\nhost: localhost:8080\r\ncontent-length: 50\r\ncontent-type: application/x-www-form-urlencoded\r\n\r\nse")
            .unwrap();
        rest(stream)
    });
    let idle = aside(move || {
        let mut stream = connected(address);
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        rest(stream)
    });
    let (half_head, silent, half_body, idle) = tokio::join!(half_head, silent, half_body, idle);
    for (what, took) in [half_head, silent] {
        assert!(what.is_empty(), "{what}");
        assert!(took >= Duration::from_millis(900) && took < AT_MOST / 2, "{took:?}");
    }
    assert!(half_body.1 < AT_MOST / 2, "{half_body:?}");
    assert!(idle.0.ends_with("ok\n"), "{idle:?}");
    assert!(idle.1 >= Duration::from_millis(1_900) && idle.1 < AT_MOST / 2, "{:?}", idle.1);
}

/// Bytes with pauses shorter than the limit, for longer than the limit in all.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_body_that_moves_arrives() {
    let (_portal, listening) = portal().await;
    let address = listening.address;
    let (answer, took) = aside(move || {
        let begun = Instant::now();
        let mut stream = connected(address);
        let typed = "to=en&back=%2F";
        write!(
            stream,
            "POST /demo/clock HTTP/1.1\r\nhost: localhost:8080\r\ncontent-length: {}\r\nconnection: close\r\n",
            typed.len()
        )
        .unwrap();
        write!(stream, "content-type: application/x-www-form-urlencoded\r\nsec-fetch-site: same-origin\r\n\r\n")
            .unwrap();
        for byte in typed.bytes() {
            // The other side has nothing to say: this is the pause between two bytes.
            stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
            let _ = stream.peek(&mut [0]);
            stream.write_all(&[byte]).unwrap();
        }
        stream.set_read_timeout(Some(AT_MOST)).unwrap();
        (rest(stream).0, begun.elapsed())
    })
    .await;
    assert!(answer.starts_with("HTTP/1.1 "), "{answer:?}");
    assert!(took > Duration::from_secs(2), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_so_many_connections_and_a_trusted_proxy_more() {
    let (portal, listening) = portal().await;
    let address = listening.address;
    let refused = aside(move || {
        let held: Vec<_> = (0..6).map(|_| connected(address)).collect();
        let mut one_more = connected(address);
        let _ = one_more.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
        let refused = rest(one_more).0;
        drop(held);
        refused
    })
    .await;
    assert!(refused.starts_with("HTTP/1.1 503 ") || refused.is_empty(), "{refused}");
    let more = [SHORT, &[("YUI_TRUSTED_PROXIES", "127.0.0.1")]].concat();
    let listening = portal.listening(&more).await;
    let address = listening.address;
    let answers = aside(move || {
        let held: Vec<_> = (0..20).map(|_| connected(address)).collect();
        held.into_iter()
            .map(|mut stream| {
                stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
                rest(stream).0
            })
            .filter(|answer| answer.ends_with("ok\n"))
            .count()
    });
    assert_eq!(answers.await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_whatever_clients_do_and_readiness_tells_before() {
    let (portal, Listening { address, stop, ended }) = portal().await;
    let held = aside(move || {
        let mut half_head = connected(address);
        half_head.write_all(b"GET /login HTTP/1.1\r\nhost: ").unwrap();
        let mut half_body = connected(address);
        half_body
            .write_all(b"POST /demo/clock HTTP/1.1\r\nhost: localhost:8080\r\ncontent-length: 9\r\n\r\nse")
            .unwrap();
        let idle = connected(address);
        [half_head, half_body, idle]
    })
    .await;
    let begun = Instant::now();
    stop.send(()).unwrap();
    ended.await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(aside(move || TcpStream::connect(address)).await.is_err(), "nothing listens any more");
    let answer = portal.browser_at("localhost:8080").get("/readyz").await;
    assert_eq!((answer.status, answer.text().as_str()), (503, "stopping\n"));
    drop(held);
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_is_gone_while_connections_are_still_accepted() {
    let portal = Portal::new(Engine::Sqlite, true).await;
    let settings = [SHORT, &[("YUI_DRAIN_DELAY", "2")]].concat();
    let Listening { address, stop, ended } = portal.listening(&settings).await;
    stop.send(()).unwrap();
    let answer = aside(move || {
        loop {
            let mut stream = connected(address);
            stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
            let answer = rest(stream).0;
            if !answer.starts_with("HTTP/1.1 200") {
                break answer;
            }
        }
    });
    assert!(answer.await.starts_with("HTTP/1.1 503"), "told before the listener closes");
    ended.await.unwrap();
}
