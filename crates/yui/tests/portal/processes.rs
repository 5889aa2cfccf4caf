//! Commands as processes: the files they make, readers that go away, and what they refuse to start with.

use std::{
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

use portal_test::portal_test;
use yui_db::Engine;

use crate::{
    operator::{command, counts, said, societies_id},
    support::{KEY, Portal},
};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Runs `yui` in a folder of its own, begun with the mask that most systems have.
fn in_folder(folder: &Path, line: &str, settings: &[(&str, &str)]) -> Output {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &format!("umask 022; exec \"$0\" {line}"), env!("CARGO_BIN_EXE_yui")]).current_dir(folder);
    let all = [("YUI_DATABASE_URL", "sqlite://yui.db"), ("YUI_KEYS", KEY), ("YUI_LOG", "warn")];
    command.env_clear().envs(all).envs(settings.iter().copied()).output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

const SOCIETY: &str =
    "society create --key sample --host s.example.jp --name てすと --insurer-number 06139018 --preset minato";

#[test]
fn what_commands_write_is_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    said(&in_folder(folder.path(), SOCIETY, &[]));
    assert_eq!(mode(&path("yui.db")), 0o600);
    std::fs::write(path("r.csv"), "保険者番号,記号\r\n1,2\r\n").unwrap();
    in_folder(folder.path(), "import register --society sample --errors errors.csv r.csv", &[]);
    assert_eq!(mode(&path("errors.csv")), 0o600);

    // A file of an earlier version is found.
    let doctor = text(&in_folder(folder.path(), "doctor", &[]));
    assert!(doctor.contains("ok       database file: only its owner may read it"), "{doctor}");
    std::fs::set_permissions(path("yui.db"), PermissionsExt::from_mode(0o644)).unwrap();
    let doctor = text(&in_folder(folder.path(), "doctor", &[]));
    assert!(doctor.contains("missing  database file: others may read") && doctor.contains("chmod 600"), "{doctor}");
    std::fs::set_permissions(path("yui.db"), PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).unwrap();
    let doctor = text(&in_folder(folder.path(), "doctor", &[]));
    assert!(doctor.contains("missing  database file: others may put files into"), "{doctor}");
}

/// `yui … | head`: the reader is gone, and the command goes on to its end.
#[portal_test]
async fn a_reader_that_goes_away_stops_nothing(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let id = societies_id(&portal, "minato").await;
    for line in [
        "society list",
        "society show minato",
        "staff list --society minato",
        "mail list --society minato",
        "society terms --society minato",
        "society progress --society minato",
        "import list --society minato",
        "import register --template",
        "keys list",
        "doctor --settings",
        "doctor",
        "--help",
        "society delete minato --yes-delete minato",
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let arguments: Vec<_> = line.split(' ').collect();
        let done = command(&portal, &arguments).stdout(writer).output().unwrap();
        let stderr = String::from_utf8_lossy(&done.stderr);
        assert!(!stderr.contains("panicked") && done.status.code() != Some(101), "{line}: {stderr}");
    }
    assert!(counts(&portal, id).await.iter().all(|(_, rows)| *rows == 0), "the deletion came to its end");
}

#[test]
fn a_folder_that_cannot_be_used_is_said_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    said(&in_folder(folder.path(), SOCIETY, &[]));
    let file = folder.path().join("a-file");
    std::fs::write(&file, "x").unwrap();
    let inside = file.join("files");
    for (files, why) in [(file.as_path(), "it is no folder"), (inside.as_path(), "a-file/files")] {
        let settings = [("YUI_FILES", files.to_str().unwrap()), ("YUI_LISTEN", "127.0.0.1:0")];
        let serve = in_folder(folder.path(), "serve", &settings);
        assert!(!serve.status.success());
        assert!(text(&serve).contains(&format!("YUI_FILES: cannot write to {}", files.display())), "{}", text(&serve));
        let doctor = text(&in_folder(folder.path(), "doctor", &settings));
        assert!(doctor.contains("missing  folder of files: ") && doctor.contains(why), "{doctor}");
    }
    let doctor = text(&in_folder(folder.path(), "doctor", &[("YUI_FILES", "/nonexistent/x")]));
    assert!(
        doctor.contains("missing  folder of files: /nonexistent/x (YUI_FILES): there is no such folder"),
        "{doctor}"
    );
    assert!(doctor.contains("warning  proxies: YUI_TRUSTED_PROXIES is not set"), "{doctor}");
    assert!(doctor.contains("open files: "), "{doctor}");
    let doctor = text(&in_folder(folder.path(), "doctor", &[("YUI_HTTPS", "no")]));
    assert!(
        !doctor.contains("YUI_TRUSTED_PROXIES") && doctor.contains("folder of files: files will be made"),
        "{doctor}"
    );

    let settings = [("YUI_SMTP_CA", file.to_str().unwrap()), ("YUI_LISTEN", "127.0.0.1:0")];
    let serve = text(&in_folder(folder.path(), "serve", &settings));
    assert!(serve.contains("YUI_SMTP_CA") && serve.contains("has no certificate"), "{serve}");
}
