//! docs/operating.md, "From nothing to a statement", walked word by word: its commands are run by a shell, and end in a
//! portal that serves.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use portal_test::portal_test;
use rustix::process::{Pid, Signal, kill_process};

use crate::{claims, support::register_csv};

/// The substitutes for the guide's machine: folders of our own in place of the system's, the tests' server in place of
/// the one that Debian starts, and no other users.
const MACHINE: &str = r#"
set -euo pipefail
sudo() { shift 2; PGUSER=postgres "$@"; }
install() { mkdir -p -m 700 "${@: -1}"; }
chown() { :; }
PGUSER=postgres dropdb --force --if-exists yui
PGUSER=postgres dropuser --if-exists yui
"#;

/// Returns the shell's lines of a section.
fn lines_of(document: &str, section: &str) -> String {
    let text = document.split_once(section).unwrap().1;
    let text = text.split("\n## ").next().unwrap();
    text.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap()).collect()
}

/// Returns the head and body of a page of the society.
fn page(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: portal.example.jp\r\nconnection: close\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    page
}

/// The process of the guide's shell, stopped by its own process id at the end of the test.
struct Walk(Child);

impl Drop for Walk {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[portal_test(postgres)]
async fn from_nothing_to_a_statement() {
    #[expect(clippy::disallowed_methods, reason = "tests are told by the environment where PostgreSQL is")]
    let server = std::env::var(yui_db::testing::SERVER).unwrap();
    let (host, port) = server.split_once('@').unwrap().1.split_once('/').unwrap().0.rsplit_once(':').unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);

    // The files that a society brings.
    let key = rcgen::KeyPair::generate().unwrap();
    let mut certificate = rcgen::CertificateParams::new(Vec::new()).unwrap();
    certificate.not_after = rcgen::date_time_ymd(2099, 1, 1);
    fs::write(path("key.pem"), key.serialize_pem()).unwrap();
    fs::write(path("certificate.pem"), certificate.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(path("register.csv"), register_csv("06139018")).unwrap();
    fs::write(path("RECEIPTC.UKE"), claims::claims()).unwrap();

    let guide = lines_of(&fs::read_to_string("../../docs/operating.md").unwrap(), "## From nothing to a statement");
    let (etc, var) = (path("etc").display().to_string(), path("var").display().to_string());
    let guide =
        guide.replace("/etc/yui", &etc).replace("/var/lib/yui", &var).replace("\nyui serve\n", "\nexec yui serve\n");
    assert!(guide.ends_with("exec yui serve\n"), "the guide ends with a portal that serves");

    let program = std::path::Path::new(env!("CARGO_BIN_EXE_yui")).parent().unwrap().display().to_string();
    let mut shell = Command::new("bash");
    shell.args(["-c", &format!("{MACHINE}{guide}")]).current_dir(folder.path()).env_clear();
    shell.env("PATH", format!("{program}:/usr/bin:/bin")).envs([("PGHOST", host), ("PGPORT", port), ("PGUSER", "yui")]);
    shell.envs([("YUI_LISTEN", "127.0.0.1:0"), ("YUI_LOG", "error")]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut walk = Walk(shell.spawn().unwrap());
    let mut said = String::new();
    let mut lines = BufReader::new(walk.0.stdout.take().unwrap());
    while !said.contains("ready: ") && lines.read_line(&mut said).unwrap() > 0 {}
    let Some(address) = said.rsplit_once("ready: http://").map(|(_, address)| address.trim().trim_end_matches('/'))
    else {
        let mut complaints = String::new();
        walk.0.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
        panic!("the guide does not lead to a portal: {said}{complaints}");
    };

    assert!(page(address, "/readyz").starts_with("HTTP/1.1 200"));
    let login = page(address, "/login");
    assert!(login.starts_with("HTTP/1.1 200") && login.contains("さんぷる健康保険組合"), "{login}");
    assert!(said.contains("accepted 1, rejected 0"), "the claim found its patient: {said}");

    let mut doctor = Command::new("bash");
    let question = format!(
        "export YUI_DATABASE_URL=postgres:///yui YUI_FILES={var}/files; set -a; . {etc}/keys.env; exec yui doctor"
    );
    doctor.args(["-c", &question]).current_dir(folder.path()).env_clear();
    doctor.env("PATH", format!("{program}:/usr/bin:/bin")).envs([
        ("PGHOST", host),
        ("PGPORT", port),
        ("PGUSER", "yui"),
    ]);
    let report = String::from_utf8(doctor.output().unwrap().stdout).unwrap();
    let missing: Vec<_> =
        report.lines().filter(|line| line.starts_with("missing") && !line.contains("mail server")).collect();
    assert!(missing.is_empty(), "{report}");
    assert!(report.contains("ok       signing key of sample: present"), "{report}");

    kill_process(Pid::from_child(&walk.0), Signal::TERM).unwrap();
    assert!(walk.0.wait().unwrap().success(), "it stops when it is told to");
    drop(lines);
    let mut gone = Command::new("dropdb");
    gone.arg("yui").envs([("PGHOST", host), ("PGPORT", port), ("PGUSER", "postgres")]);
    assert!(gone.status().unwrap().success());
}
