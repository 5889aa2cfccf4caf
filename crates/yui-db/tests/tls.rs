//! TLS to PostgreSQL, with a server of the test's own that takes nothing else.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

use portal_test::portal_test;
use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use yui_db::Db;

/// Makes, starts and keeps a server until its standard input ends. `$1`: the server's programs, `$2`: the port; `CERT` and `KEY`: PEM.
const KEEPER: &str = r#"
set -e
umask 077
dir=$(mktemp -d "${TMPDIR:-/tmp}/yui-tls-XXXXXX")
stop() { "$1/pg_ctl" stop -D "$dir/data" -m immediate -s 2>/dev/null || true; rm -rf "$dir"; }
trap 'stop "$1"' EXIT
"$1/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
printf '%s' "$CERT" >"$dir/data/server.crt"
printf '%s' "$KEY" >"$dir/data/server.key"
cat >>"$dir/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
port = $2
unix_socket_directories = '$dir'
ssl = on
fsync = off
CONF
echo "hostssl all all 127.0.0.1/32 trust" >"$dir/data/pg_hba.conf"
"$1/pg_ctl" start -D "$dir/data" -l "$dir/log" -w -s || { cat "$dir/log" >&2; exit 1; }
echo ready
cat >/dev/null
"#;

struct Server {
    keeper: Child,
    port: u16,
}

impl Server {
    fn start(certificate: &str, key: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "keeper"]).arg(programs()).arg(port.to_string());
        keeper.envs([("CERT", certificate), ("KEY", key)]).current_dir("/");
        keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        // The server refuses to be root.
        if id("-u", None) == 0 {
            keeper.uid(id("-u", Some("postgres"))).gid(id("-g", Some("postgres"))).env_remove("TMPDIR");
        }
        let mut server = Self { keeper: keeper.spawn().expect("sh"), port };
        let said = server.keeper.stdout.take().and_then(|said| BufReader::new(said).lines().next());
        assert_eq!(said.and_then(Result::ok).as_deref(), Some("ready"));
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn programs() -> PathBuf {
    let versions =
        std::fs::read_dir("/usr/lib/postgresql").expect("a PostgreSQL server: cargo xtask setup test").flatten();
    let version = |name: &std::ffi::OsStr| name.to_str()?.parse::<u32>().ok();
    let servers = versions.filter_map(|entry| Some((version(&entry.file_name())?, entry.path().join("bin"))));
    servers.filter(|(_, programs)| programs.join("postgres").exists()).max().expect("a server").1
}

fn id(which: &str, user: Option<&str>) -> u32 {
    let output = Command::new("id").arg(which).args(user).output().expect("id");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
}

#[portal_test(postgres)]
async fn the_connection_is_as_private_as_the_address_asks() {
    let mut params = CertificateParams::new([]).expect("names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate");
    let key = KeyPair::generate().expect("a key");
    let certificate =
        CertificateParams::new(["127.0.0.1".to_owned()]).expect("names").signed_by(&key, &ca).expect("a certificate");
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("root.pem");
    std::fs::write(&root, ca.pem()).expect("written");
    let root = root.display();
    let server = Server::start(&certificate.pem(), &key.serialize_pem());
    let at = |host: &str, how: &str| format!("postgres://postgres@{host}:{}/postgres{how}", server.port);

    // libpq's default is to encrypt where the server can.
    for how in ["", "?sslmode=prefer", "?sslmode=require"] {
        let db = Db::connect(&at("127.0.0.1", how), 1).await.unwrap_or_else(|error| panic!("{how}: {error}"));
        let found = db.server().await.expect("an answer").expect("a server");
        assert!(found.tls.as_deref().is_some_and(|version| version.starts_with("TLSv1.")), "{how}: {found:?}");
        assert!(found.superuser && found.local);
        db.migrate().await.expect("both pools work");
        db.close().await;
    }
    for (host, how) in [("127.0.0.1", "verify-full"), ("127.0.0.1", "verify-ca"), ("localhost", "verify-ca")] {
        let address = at(host, &format!("?sslmode={how}&sslrootcert={root}"));
        let db = Db::connect(&address, 1).await.unwrap_or_else(|error| panic!("{host} {how}: {error}"));
        assert!(db.server().await.expect("an answer").is_some_and(|server| server.tls.is_some()));
        db.close().await;
    }
    let refused = [
        at("127.0.0.1", "?sslmode=disable"),
        at("127.0.0.1", "?sslmode=verify-full"),
        at("127.0.0.1", "?sslmode=verify-ca"),
        at("localhost", &format!("?sslmode=verify-full&sslrootcert={root}")),
        at("127.0.0.1", "?sslmode=verify-full&sslrootcert=/nonexistent/root.pem"),
        at("127.0.0.1", "?sslmode=surely"),
    ];
    for address in refused {
        let error = Db::connect(&address, 1).await.expect_err(&address).to_string();
        assert!(!error.contains("did not answer"), "{address}: {error}");
    }
}

#[portal_test(postgres)]
async fn a_server_without_tls_is_refused_where_tls_is_asked_for() {
    #[expect(clippy::disallowed_methods, reason = "tests are told by the environment where their server is")]
    let plain = std::env::var(yui_db::testing::SERVER).expect("cargo xtask test starts a server");
    for how in ["require", "verify-ca", "verify-full"] {
        let error = Db::connect(&format!("{plain}?sslmode={how}"), 1).await.expect_err(how).to_string();
        assert!(error.contains("TLS"), "{how}: {error}");
    }
    let db = Db::connect(&format!("{plain}?sslmode=prefer"), 1).await.expect("a connection");
    assert!(db.server().await.expect("an answer").is_some_and(|server| server.tls.is_none()));
}
