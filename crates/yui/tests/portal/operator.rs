//! The acts of the operator on a whole society, by the command line.

use std::{
    collections::HashSet,
    path::Path,
    process::{Command, Output},
};

use portal_test::portal_test;
use sha2::{Digest, Sha256};
use yui::features::societies;
use yui_db::{Cell, Engine, SocietyTable, statements};

use crate::{
    console_imports::send,
    support::{EXPENSE_HEADER, KEY, Portal},
};

/// Runs `yui` on the portal's database.
fn yui(portal: &Portal, arguments: &[&str]) -> Output {
    command(portal, arguments).output().unwrap()
}

/// Returns a command on the portal's database.
pub(crate) fn command(portal: &Portal, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yui"));
    let settings = [("YUI_DATABASE_URL", portal.db.address.as_str()), ("YUI_KEYS", KEY), ("YUI_LOG", "warn")];
    command.env_clear().envs(settings).env("YUI_FILES", portal.files()).args(arguments);
    command
}

pub(crate) fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn refused(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

async fn tables(portal: &Portal) -> Vec<SocietyTable> {
    portal.app.db.tables().await.unwrap().of_societies
}

/// Returns how many rows of a society each table has.
pub(crate) async fn counts(portal: &Portal, society_id: i64) -> Vec<(String, u64)> {
    let mut all = Vec::new();
    let mut snapshot = portal.app.db.snapshot().await.unwrap();
    for table in tables(portal).await {
        let mut rows = 0;
        let count = |_: Vec<Cell>| -> anyhow::Result<()> {
            rows += 1;
            Ok(())
        };
        snapshot.each_row(&table, society_id, count).await.unwrap();
        all.push((table.name, rows));
    }
    all
}

#[portal_test(postgres)]
async fn both_engines_tell_the_same_tables_each_after_those_it_refers_to() {
    let portals = [Portal::new(Engine::Sqlite, true).await, Portal::new(Engine::Postgres, true).await];
    let mut told = Vec::new();
    for portal in &portals {
        let all = portal.app.db.tables().await.unwrap();
        assert_eq!(all.others, ["_sqlx_migrations", "readiness"], "a table of ours without society_id");
        assert!(all.of_societies.len() >= 25, "the tables are found");
        for (place, table) in all.of_societies.iter().enumerate() {
            let before: Vec<_> = all.of_societies[..place].iter().map(|table| &table.name).collect();
            assert!(table.refers_to.iter().all(|name| before.contains(&name)), "{}: {:?}", table.name, table.refers_to);
            assert_eq!(table.key.first().map(String::as_str), Some("society_id"), "{}", table.name);
        }
        let columns = |table: &SocietyTable| {
            let mut columns: Vec<_> = table.columns.iter().map(|column| (column.name.clone(), column.kind)).collect();
            columns.sort_by(|one, other| one.0.cmp(&other.0));
            (table.name.clone(), columns, table.key.clone(), table.refers_to.clone())
        };
        told.push(all.of_societies.iter().map(columns).collect::<Vec<_>>());
    }
    assert_eq!(told[0], told[1]);
}

#[portal_test]
async fn show_tells_what_there_is_to_know(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let text = said(&yui(&portal, &["society", "show", "minato"]));
    for part in [
        "minato (みなと海運健康保険組合)",
        "https://minato.localhost",
        "households, ",
        "1 temporary",
        "; 1 locked",
        "expenses",
        "valid until ",
        "Thursday ",
        "19:00 to 22:00",
        "\"lock_after_wrong_passwords\": 11",
    ] {
        assert!(text.contains(part), "{part:?} is missing in {text}");
    }
    assert_eq!(text.matches("19:00 to 22:00").count(), 12, "{text}");
    let newest = text.lines().find(|line| line.starts_with("newest import")).unwrap();
    assert!(newest.contains("expenses, published"), "{newest}");
    assert!(refused(&yui(&portal, &["society", "show", "nobody"])).contains("there is no society \"nobody\""));
}

#[portal_test]
async fn a_file_of_which_nothing_is_taken_or_that_is_another_kinds_ends_with_an_error(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let nobody = portal.file("bad.csv", format!("{EXPENSE_HEADER}K1,,1,800,1234,00,x,y,通院,1,1,1,1,1,\r\n"));
    let import = |kind: &str, path: &Path| {
        refused(&yui(&portal, &["import", kind, "--society", "minato", path.to_str().unwrap()]))
    };
    assert!(import("expenses", &nobody.path).contains("no row of bad.csv was taken"));
    assert!(import("register", &nobody.path).contains("「医療費」を選んで取り込んでください"));
}

/// Returns the lines of an exported table.
fn lines(folder: &Path, table: &str) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(folder.join(format!("{table}.jsonl"))).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[portal_test]
async fn an_export_holds_every_row_of_the_society_and_nothing_else(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("export");
    let society = societies_id(&portal, "minato").await;
    let mut staff = portal.staff("minato", "kyufu").await;
    let register = "保険者番号,記号,番号,枝番,氏名,カナ氏名,性別,生年月日,続柄,資格取得日,資格喪失日\r\n";
    let sent = send(&mut staff, "register", &[], "r.csv", register.as_bytes()).await;
    assert!(sent.location().starts_with("/console/imports/uploads/"), "{}", sent.text());
    said(&yui(&portal, &["society", "export", "minato", "--to", to.to_str().unwrap()]));

    let manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(to.join(societies::export::MANIFEST)).unwrap()).unwrap();
    let expected = counts(&portal, society).await;
    let told: Vec<_> = manifest["tables"].as_array().unwrap().iter().collect();
    assert_eq!(told.len(), expected.len());
    for (table, (name, rows)) in told.iter().zip(&expected) {
        assert_eq!((table["name"].as_str(), table["rows"].as_u64()), (Some(name.as_str()), Some(*rows)));
        let bytes = std::fs::read(to.join(table["file"].as_str().unwrap())).unwrap();
        let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(table["sha256"].as_str().unwrap(), digest, "{name}");
        assert_eq!(table["bytes"].as_u64().unwrap(), bytes.len() as u64, "{name}");
        let lines = lines(&to, name);
        assert_eq!(lines.len() as u64, *rows, "{name}");
        assert!(lines.iter().all(|line| line["society_id"] == society), "{name} has another society's row");
    }
    let rows = |name: &str| expected.iter().find(|(table, _)| table == name).unwrap().1;
    assert!(rows("expenses") > 100 && rows("members") > 50 && rows("factors") > 0, "{expected:?}");

    // Values keep their form: dates, instants, money, sealed bytes.
    let member = lines(&to, "members").remove(0);
    assert_eq!(member["birth_date"].as_str().unwrap().len(), 10);
    let account = lines(&to, "accounts").remove(0);
    assert!(account["created_at"].as_str().unwrap().ends_with('Z'), "{account}");
    let expense = lines(&to, "expenses").remove(0);
    assert!(expense["total"].is_i64() && expense["derived"].is_i64() && expense["claim_key"].is_string());
    let key = lines(&to, "society_signing_keys").remove(0);
    assert!(!key["sealed_key"].as_str().unwrap().contains("PRIVATE KEY"));
    let whole = std::fs::read_to_string(to.join("society_signing_keys.jsonl")).unwrap();
    assert!(!whole.contains("PRIVATE KEY"), "what is sealed stays sealed");

    // What staff uploaded and nobody has applied yet.
    let files = manifest["files"].as_array().unwrap();
    let uploads = lines(&to, "import_uploads");
    assert_eq!((files.len(), uploads.len()), (1, 1));
    assert_eq!(files[0]["file"], format!("files/{}", uploads[0]["stored_name"].as_str().unwrap()));
    let copied = std::fs::read(to.join(files[0]["file"].as_str().unwrap())).unwrap();
    let digest: String = Sha256::digest(&copied).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((files[0]["sha256"].as_str(), files[0]["bytes"].as_u64()), (Some(&*digest), Some(copied.len() as u64)));
    assert!(String::from_utf8_lossy(&copied).starts_with("保険者番号,記号"));

    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&to), mode(&to.join("members.jsonl"))), (0o700, 0o600));
    let again = refused(&yui(&portal, &["society", "export", "minato", "--to", to.to_str().unwrap()]));
    assert!(again.contains("is not empty"), "{again}");
}

pub(crate) async fn societies_id(portal: &Portal, key: &str) -> i64 {
    use yui::core::{scope::SystemScope, society::InSociety};
    SystemScope::of_society(&portal.app, key).await.unwrap().society_id()
}

#[portal_test]
async fn a_deleted_society_leaves_nothing_and_takes_nothing_of_others(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let mut member = portal.signed_in("minato", "testtaro01").await;
    let ids = [societies_id(&portal, "minato").await, societies_id(&portal, "fumitsuki").await];
    let (before, others) = (counts(&portal, ids[0]).await, counts(&portal, ids[1]).await);

    let wrong = refused(&yui(&portal, &["society", "delete", "minato", "--yes-delete", "fumitsuki"]));
    assert!(wrong.contains("nothing is deleted") && wrong.contains("--yes-delete minato"), "{wrong}");
    assert!(!yui(&portal, &["society", "delete", "minato"]).status.success());
    assert_eq!(counts(&portal, ids[0]).await, before);

    let files = portal.files().join(ids[0].to_string());
    std::fs::create_dir_all(&files).unwrap();
    std::fs::write(files.join("0a"), "a file").unwrap();
    let text = said(&yui(&portal, &["society", "delete", "minato", "--yes-delete", "minato"]));
    assert!(!files.exists());
    let rows: u64 = before.iter().map(|(_, rows)| rows).sum();
    assert!(text.contains(&format!("{rows} rows deleted: minato is gone")), "{text}");
    for (name, rows) in before.iter().filter(|(_, rows)| *rows > 0) {
        assert!(text.contains(&format!("{rows:>10} {name}\n")), "{name} in {text}");
    }
    assert!(counts(&portal, ids[0]).await.iter().all(|(_, rows)| *rows == 0));
    assert_eq!(counts(&portal, ids[1]).await, others);

    portal.app.societies.forget();
    assert_eq!(member.get("/expenses").await.status, 404, "nobody is there");
    assert_eq!(portal.browser("fumitsuki").get("/login").await.status, 200);
    assert!(refused(&yui(&portal, &["society", "show", "minato"])).contains("there is no society"));
}

statements! {
    fn names(society_id: i64) -> Name = "SELECT name FROM members WHERE society_id = $1";
    fn names_of_others(id: i64) -> Name = "SELECT name FROM members WHERE society_id <> $1";
}

#[derive(yui_db::Row, PartialEq, Eq, Hash)]
struct Name {
    name: String,
}

/// SQLite leaves what was deleted in its file unless it is told otherwise.
#[tokio::test]
async fn nothing_of_a_deleted_society_is_left_in_the_file() {
    let portal = Portal::demo(Engine::Sqlite).await;
    let id = societies_id(&portal, "minato").await;
    let others: HashSet<Name> = portal.app.db.all(Sql::names_of_others(id)).await.unwrap().into_iter().collect();
    let mut names: Vec<Name> = portal.app.db.all(Sql::names(id)).await.unwrap();
    names.retain(|name| !others.contains(name));
    let path = portal.db.address.strip_prefix("sqlite://").unwrap().to_owned();
    let found = |name: &str| {
        [path.clone(), format!("{path}-wal")].iter().any(|path| {
            let bytes = std::fs::read(path).unwrap_or_default();
            bytes.windows(name.len()).any(|part| part == name.as_bytes())
        })
    };
    let name = &names[0].name;
    assert!(found(name) && found("みなと海運健康保険組合"), "{name}");
    // Others go on meanwhile.
    let text = said(&yui(&portal, &["society", "delete", "minato", "--yes-delete", "minato"]));
    assert!(text.contains("minato is gone"), "{text}");
    for name in names.iter().take(20) {
        assert!(!found(&name.name), "{} is still in the file", name.name);
    }
    assert!(!found("みなと海運健康保険組合") && found("なのはな"), "only what was deleted is gone");
}

#[portal_test]
async fn a_deletion_that_was_stopped_goes_on(engine: Engine) {
    let portal = Portal::demo(engine).await;
    let society_id = societies_id(&portal, "minato").await;
    let all = tables(&portal).await;
    // As far as a killed command might have come.
    for name in ["expenses", "mails", "sessions"] {
        let table = all.iter().find(|table| table.name == name).unwrap();
        while portal.app.db.delete_some(table, society_id).await.unwrap() > 0 {}
    }
    // What is referred to cannot go before.
    let members = all.iter().find(|table| table.name == "members").unwrap();
    assert!(portal.app.db.delete_some(members, society_id).await.unwrap_err().is_referred_to());
    said(&yui(&portal, &["society", "delete", "minato", "--yes-delete", "minato"]));
    assert!(counts(&portal, society_id).await.iter().all(|(_, rows)| *rows == 0));
}
