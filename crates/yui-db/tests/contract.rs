//! The behaviour that every feature relies on, the same on SQLite and PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use jiff::{Timestamp, civil::date};
use portal_test::portal_test;
use yui_db::{BulkTable, Db, DbError, Engine, Param, params, statements, testing::TestDb};

statements! {
    ADD_SOCIETY = "INSERT INTO societies (society_id, key, host, name, created_at) VALUES ($1, $2, $3, $4, $5)";
    ADD_HOUSEHOLD = "INSERT INTO households (society_id, household_id, created_at) VALUES ($1, $2, $3)";
    SOCIETY = "SELECT society_id, key, name, created_at FROM societies WHERE key = $1";
    AMONG = "SELECT society_id, key, name, created_at FROM societies WHERE society_id > $1 AND key IN ($2) ORDER BY key";
    MEMBERS = "SELECT member_id, person_key, name, sex, birth_date, email FROM members WHERE society_id = $1
               ORDER BY member_id";
    RENAME = "UPDATE societies SET name = $2 WHERE society_id = $1 RETURNING society_id, key, name, created_at";
}

#[derive(Debug, PartialEq, sqlx::FromRow)]
struct Society {
    society_id: i64,
    key: String,
    name: String,
    created_at: yui_db::Timestamp,
}

#[derive(Debug, PartialEq, sqlx::FromRow)]
struct Member {
    member_id: i64,
    person_key: Option<String>,
    name: String,
    sex: String,
    birth_date: yui_db::Date,
    email: Option<String>,
}

fn then() -> Timestamp {
    "2026-11-20T09:00:00.25Z".parse().unwrap()
}

async fn add_society(db: &Db, id: i64, key: &str) -> Result<u64, DbError> {
    let host = format!("{key}{id}.example");
    db.execute(&ADD_SOCIETY, params![id, key, host, "てすと健康保険組合", then()]).await
}

#[portal_test]
async fn a_row_comes_back_as_it_went_in(engine: Engine) {
    let TestDb { db, .. } = &TestDb::on(engine).await;
    assert_eq!(add_society(db, 7, "fumitsuki").await.unwrap(), 1);
    let society: Society = db.one(&SOCIETY, params!["fumitsuki"]).await.unwrap();
    assert_eq!((society.society_id, society.name.as_str()), (7, "てすと健康保険組合"));
    assert_eq!(society.created_at.to_jiff(), then());
    assert!(db.optional::<Society>(&SOCIETY, params!["nobody"]).await.unwrap().is_none());
    assert!(matches!(db.one::<Society>(&SOCIETY, params!["nobody"]).await, Err(DbError::NoRow(_))));
}

#[portal_test]
async fn a_taken_key_is_named_alike(engine: Engine) {
    let TestDb { db, .. } = &TestDb::on(engine).await;
    add_society(db, 1, "fumitsuki").await.unwrap();
    let taken = add_society(db, 2, "fumitsuki").await.unwrap_err();
    assert!(taken.is_taken("societies_key"), "{taken:?}");
    let values = [member(1, "P1", "テスト 太郎"), member(2, "P1", "テスト 花子")].concat();
    let mut tx = db.begin().await.unwrap();
    let taken = tx.bulk_insert(&BULK, &values).await.unwrap_err();
    assert!(taken.is_taken("members_person_key"), "{taken:?}");
}

#[portal_test]
async fn a_dropped_transaction_leaves_nothing_and_a_committed_one_stays(engine: Engine) {
    let TestDb { db, .. } = &TestDb::on(engine).await;
    let mut tx = db.begin().await.unwrap();
    tx.execute(&ADD_SOCIETY, params![1_i64, "a", "a.example", "A", then()]).await.unwrap();
    drop(tx);
    assert!(db.optional::<Society>(&SOCIETY, params!["a"]).await.unwrap().is_none());
    let mut tx = db.begin().await.unwrap();
    tx.execute(&ADD_SOCIETY, params![1_i64, "a", "a.example", "A", then()]).await.unwrap();
    let renamed: Society = tx.one(&RENAME, params![1_i64, "B"]).await.unwrap();
    assert_eq!(renamed.name, "B");
    tx.commit().await.unwrap();
    assert_eq!(db.one::<Society>(&SOCIETY, params!["a"]).await.unwrap().name, "B");
}

#[portal_test]
async fn a_list_of_any_length_can_be_asked_for(engine: Engine) {
    let TestDb { db, .. } = &TestDb::on(engine).await;
    for id in 1..=7 {
        add_society(db, id, &format!("s{id}")).await.unwrap();
    }
    let ask = async |keys: Vec<String>| {
        let list: Vec<_> = keys.iter().map(Param::from).collect();
        db.all_among::<Society>(&AMONG, params![0_i64], &list).await.unwrap().len()
    };
    assert_eq!(ask(vec![]).await, 0);
    assert_eq!(ask(vec!["s3".into()]).await, 1);
    assert_eq!(ask(vec!["s1".into(), "s2".into(), "s9".into()]).await, 2);
    assert_eq!(ask((1..1300).map(|id| format!("s{id}")).collect()).await, 7);
}

const BULK: BulkTable = BulkTable {
    name: "members",
    columns: &["society_id", "member_id", "person_key", "name", "kana", "sex", "birth_date", "email"],
};

fn member(id: i64, person_key: &str, name: &str) -> Vec<Param<'static>> {
    let email = (id % 2 == 0).then(|| format!("{id}@example.com"));
    vec![
        Param::from(1_i64),
        Param::from(id),
        Param::from(person_key.to_owned()),
        Param::from(name.to_owned()),
        Param::from("テスト"),
        Param::from("female"),
        Param::from(date(1979, 8, 22)),
        Param::from(email),
    ]
}

#[portal_test(postgres)]
async fn rows_loaded_in_bulk_are_equal_on_both_engines() {
    let mut seen = Vec::new();
    for TestDb { db, .. } in &TestDb::both().await {
        add_society(db, 1, "a").await.unwrap();
        let values: Vec<_> =
            (0..1234).flat_map(|id| member(id, &format!("P{id}"), &format!("𠮷田 \"{id}\",\t\\N\n"))).collect();
        let mut tx = db.begin().await.unwrap();
        assert_eq!(tx.bulk_insert(&BULK, &values).await.unwrap(), 1234);
        tx.commit().await.unwrap();
        seen.push(db.all::<Member>(&MEMBERS, params![1_i64]).await.unwrap());
    }
    assert_eq!(seen[0].len(), 1234);
    assert_eq!(seen[0][7].birth_date.to_jiff(), date(1979, 8, 22));
    assert_eq!(seen[0], seen[1]);
}

#[portal_test]
async fn a_broken_reference_fails_the_whole_call(engine: Engine) {
    let TestDb { db, .. } = &TestDb::on(engine).await;
    let orphan = db.execute(&ADD_HOUSEHOLD, params![99_i64, 1_i64, then()]).await;
    assert!(matches!(orphan, Err(DbError::Engine { .. })), "{orphan:?}");
}

#[portal_test]
async fn migrating_twice_changes_nothing_and_readers_cannot_write(engine: Engine) {
    let TestDb { db, address, .. } = &TestDb::on(engine).await;
    db.migrate().await.unwrap();
    let second = Db::connect(address, 1).await.unwrap();
    add_society(&second, 1, "a").await.unwrap();
    assert_eq!(db.one::<Society>(&SOCIETY, params!["a"]).await.unwrap().society_id, 1);
    if let Db::Sqlite { .. } = db {
        let write = db.all::<Society>(&RENAME, params![1_i64, "B"]).await;
        assert!(write.is_err(), "a reading connection wrote");
    }
}

#[tokio::test]
async fn an_address_of_another_kind_is_refused() {
    assert!(matches!(Db::connect("mysql://localhost/yui", 1).await, Err(DbError::Address)));
}

statements! {
    PAGES = "SELECT page_count AS pages FROM pragma_page_count()";
    NO_MORE_PAGES = "PRAGMA max_page_count = 1";
    ROOM_AGAIN = "PRAGMA max_page_count = 1000000";
    ADD_NEXT_HOUSEHOLD = "
        INSERT INTO households (society_id, household_id, created_at)
        SELECT $1, COALESCE(MAX(household_id), 0) + 1, $2 FROM households WHERE society_id = $1";
}

#[derive(sqlx::FromRow)]
struct Pages {
    pages: i64,
}

/// A full disk may end a transaction on SQLite without being asked; the writer that it happened to writes again, or is replaced.
/// `cargo xtask soak --faults full-disk` does the same to a real disk, with a portal on it.
#[tokio::test]
async fn sqlite_writes_again_after_a_full_disk() {
    let TestDb { db, .. } = &TestDb::on(Engine::Sqlite).await;
    add_society(db, 1, "before").await.unwrap();
    // The file may not grow beyond what it is now: what a full disk says, from the same place.
    let pages: Pages = db.one(&PAGES, params![]).await.unwrap();
    db.execute(&NO_MORE_PAGES, params![]).await.unwrap();
    let households: Vec<Param<'_>> =
        (0..20_000_i64).flat_map(|id| [Param::from(1_i64), Param::from(id), Param::from(then())]).collect();
    // Row by row: a statement of many rows is undone by itself, and the transaction goes on.
    let mut tx = db.begin().await.unwrap();
    let full = loop {
        if let Some(full) = fill(&mut tx).await.err() {
            break full;
        }
    };
    assert!(full.to_string().contains("full") && full.is_unavailable(), "{full}");
    drop(tx);
    db.execute(&ROOM_AGAIN, params![]).await.unwrap();
    add_society(db, 2, "after").await.unwrap();
    let mut tx = db.begin().await.unwrap();
    assert_eq!(tx.bulk_insert(&HOUSEHOLDS, &households).await.unwrap(), 20_000);
    tx.commit().await.unwrap();
    let grown: Pages = db.one(&PAGES, params![]).await.unwrap();
    assert!(grown.pages > pages.pages);
}

async fn fill(tx: &mut yui_db::Tx) -> Result<u64, DbError> {
    tx.execute(&ADD_NEXT_HOUSEHOLD, params![1_i64, then()]).await
}

const HOUSEHOLDS: BulkTable = BulkTable { name: "households", columns: &["society_id", "household_id", "created_at"] };
