//! The behaviour that every feature relies on, the same on SQLite and PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use jiff::{Timestamp, civil::date};
use portal_test::portal_test;
use yui_db::{BulkTable, Db, DbError, Engine, Values, statements, testing::TestDb};

statements! {
    fn add_society(society_id: i64, key: &str, host: &str, name: &str, now: Timestamp) =
        "INSERT INTO societies (society_id, key, host, name, created_at) VALUES ($1, $2, $3, $4, $5)";
    fn add_household(society_id: i64, household_id: i64, now: Timestamp) =
        "INSERT INTO households (society_id, household_id, created_at) VALUES ($1, $2, $3)";
    fn society(key: &str) -> Society = "SELECT society_id, key, name, created_at FROM societies WHERE key = $1";
    fn among(after: i64, keys: &[String]) -> Society =
        "SELECT society_id, key, name, created_at FROM societies WHERE society_id > $1 AND key IN ($2) ORDER BY key";
    fn remove_among(after: i64, keys: &[String]) = "DELETE FROM societies WHERE society_id > $1 AND key IN ($2)";
    fn members(society_id: i64) -> Member = "
        SELECT member_id, person_key, name, sex, birth_date, email FROM members WHERE society_id = $1 ORDER BY member_id";
    fn rename(society_id: i64, name: &str) -> Society =
        "UPDATE societies SET name = $2 WHERE society_id = $1 RETURNING society_id, key, name, created_at";
    fn misread(society_id: i64) -> Misread = "SELECT society_id, name AS renamed FROM societies WHERE society_id = $1";
    fn pages() -> i64 = "SELECT page_count FROM pragma_page_count()";
    fn no_more_pages() = "PRAGMA max_page_count = 1";
    fn room_again() = "PRAGMA max_page_count = 1000000";
    fn add_next_household(society_id: i64, now: Timestamp) = "
        INSERT INTO households (society_id, household_id, created_at)
        SELECT $1, COALESCE(MAX(household_id), 0) + 1, $2 FROM households WHERE society_id = $1";
    fn households(society_id: i64) -> i64 = "SELECT COUNT(*) FROM households WHERE society_id = $1";
}

#[derive(Debug, PartialEq, yui_db::Row)]
struct Society {
    society_id: i64,
    key: String,
    name: String,
    created_at: jiff::Timestamp,
}

#[derive(Debug, PartialEq, yui_db::Row)]
struct Member {
    member_id: i64,
    person_key: Option<String>,
    name: String,
    sex: String,
    birth_date: jiff::civil::Date,
    email: Option<String>,
}

#[derive(Debug, yui_db::Row)]
struct Misread {
    #[expect(dead_code, reason = "it is read and that is all")]
    society_id: i64,
    #[expect(dead_code, reason = "it is read and that is all")]
    renamed: i64,
}

fn then() -> Timestamp {
    "2026-11-20T09:00:00.25Z".parse().unwrap()
}

async fn add_society(db: &Db, id: i64, key: &str) -> Result<u64, DbError> {
    let host = format!("{key}{id}.example");
    db.execute(Sql::add_society(id, key, &host, "てすと健康保険組合", then())).await
}

#[portal_test]
async fn a_row_comes_back_as_it_went_in(engine: Engine) {
    let TestDb { db, .. } = &TestDb::on(engine).await;
    assert_eq!(add_society(db, 7, "fumitsuki").await.unwrap(), 1);
    let society = db.one(Sql::society("fumitsuki")).await.unwrap();
    assert_eq!((society.society_id, society.name.as_str()), (7, "てすと健康保険組合"));
    assert_eq!(society.created_at, then());
    assert!(db.optional(Sql::society("nobody")).await.unwrap().is_none());
    assert!(matches!(db.one(Sql::society("nobody")).await, Err(DbError::NoRow(_))));
}

#[portal_test]
async fn a_taken_key_is_named_alike(engine: Engine) {
    let TestDb { db, .. } = &TestDb::on(engine).await;
    add_society(db, 1, "fumitsuki").await.unwrap();
    let taken = add_society(db, 2, "fumitsuki").await.unwrap_err();
    assert!(taken.is_taken("societies_key"), "{taken:?}");
    let mut values = Values::default();
    member(&mut values, 1, "P1", "テスト 太郎");
    member(&mut values, 2, "P1", "テスト 花子");
    let mut tx = db.begin().await.unwrap();
    let taken = tx.bulk_insert(&BULK, values).await.unwrap_err();
    assert!(taken.is_taken("members_person_key"), "{taken:?}");
}

#[portal_test]
async fn a_dropped_transaction_leaves_nothing_and_a_committed_one_stays(engine: Engine) {
    let TestDb { db, .. } = &TestDb::on(engine).await;
    let mut tx = db.begin().await.unwrap();
    tx.execute(Sql::add_society(1, "a", "a.example", "A", then())).await.unwrap();
    drop(tx);
    assert!(db.optional(Sql::society("a")).await.unwrap().is_none());
    let mut tx = db.begin().await.unwrap();
    tx.execute(Sql::add_society(1, "a", "a.example", "A", then())).await.unwrap();
    let renamed = tx.one(Sql::rename(1, "B")).await.unwrap();
    assert_eq!(renamed.name, "B");
    tx.commit().await.unwrap();
    assert_eq!(db.one(Sql::society("a")).await.unwrap().name, "B");
}

#[portal_test]
async fn a_list_of_any_length_can_be_asked_for(engine: Engine) {
    let TestDb { db, .. } = &TestDb::on(engine).await;
    for id in 1..=7 {
        add_society(db, id, &format!("s{id}")).await.unwrap();
    }
    let ask = async |keys: Vec<String>| db.all(Sql::among(0, &keys)).await.unwrap().len();
    assert_eq!(ask(vec![]).await, 0);
    assert_eq!(ask(vec!["s3".into()]).await, 1);
    assert_eq!(ask(vec!["s1".into(), "s2".into(), "s9".into()]).await, 2);
    assert_eq!(ask((1..1300).map(|id| format!("s{id}")).collect()).await, 7);
}

static BULK: BulkTable = BulkTable {
    name: "members",
    columns: &["society_id", "member_id", "person_key", "name", "kana", "sex", "birth_date", "email"],
};

fn member(values: &mut Values, id: i64, person_key: &str, name: &str) {
    values.push(1_i64);
    values.push(id);
    values.push(person_key);
    values.push(name);
    values.push("テスト");
    values.push("female");
    values.push(date(1979, 8, 22));
    values.push((id % 2 == 0).then(|| format!("{id}@example.com")));
}

#[portal_test(postgres)]
async fn rows_loaded_in_bulk_are_equal_on_both_engines() {
    let mut seen = Vec::new();
    for TestDb { db, .. } in &TestDb::both().await {
        add_society(db, 1, "a").await.unwrap();
        let mut values = Values::default();
        (0..1234).for_each(|id| member(&mut values, id, &format!("P{id}"), &format!("𠮷田 \"{id}\",\t\\N\n")));
        let mut tx = db.begin().await.unwrap();
        assert_eq!(tx.bulk_insert(&BULK, values).await.unwrap(), 1234);
        tx.commit().await.unwrap();
        seen.push(db.all(Sql::members(1)).await.unwrap());
    }
    assert_eq!(seen[0].len(), 1234);
    assert_eq!(seen[0][7].birth_date, date(1979, 8, 22));
    assert_eq!(seen[0], seen[1]);
}

#[portal_test]
async fn a_broken_reference_fails_the_whole_call(engine: Engine) {
    let TestDb { db, .. } = &TestDb::on(engine).await;
    let orphan = db.execute(Sql::add_household(99, 1, then())).await;
    assert!(matches!(orphan, Err(DbError::Engine { .. })), "{orphan:?}");
}

#[portal_test]
async fn migrating_twice_changes_nothing_and_readers_cannot_write(engine: Engine) {
    let TestDb { db, address, .. } = &TestDb::on(engine).await;
    db.migrate().await.unwrap();
    let second = Db::connect(address, 1).await.unwrap();
    add_society(&second, 1, "a").await.unwrap();
    assert_eq!(db.one(Sql::society("a")).await.unwrap().society_id, 1);
    if engine == Engine::Sqlite {
        let write = db.all(Sql::rename(1, "B")).await;
        assert!(write.is_err(), "a reading connection wrote");
    }
}

#[tokio::test]
async fn an_address_of_another_kind_is_refused() {
    assert!(matches!(Db::connect("mysql://localhost/yui", 1).await, Err(DbError::Address)));
}

/// A full disk may end a transaction on SQLite without being asked; the writer that it happened to writes again, or is replaced.
/// `cargo xtask soak --faults full-disk` does the same to a real disk, with a portal on it.
#[tokio::test]
async fn sqlite_writes_again_after_a_full_disk() {
    let TestDb { db, .. } = &TestDb::on(Engine::Sqlite).await;
    add_society(db, 1, "before").await.unwrap();
    // The file may not grow beyond what it is now: what a full disk says, from the same place.
    let pages = db.one(Sql::pages()).await.unwrap();
    db.execute(Sql::no_more_pages()).await.unwrap();
    let mut households = Values::default();
    for id in 0..20_000_i64 {
        households.push(1_i64);
        households.push(id);
        households.push(then());
    }
    // Row by row: a statement of many rows is undone by itself, and the transaction goes on.
    let mut tx = db.begin().await.unwrap();
    let full = loop {
        if let Some(full) = fill(&mut tx).await.err() {
            break full;
        }
    };
    assert!(full.to_string().contains("full") && full.is_unavailable(), "{full}");
    drop(tx);
    db.execute(Sql::room_again()).await.unwrap();
    add_society(db, 2, "after").await.unwrap();
    let mut tx = db.begin().await.unwrap();
    assert_eq!(tx.bulk_insert(&HOUSEHOLDS, households).await.unwrap(), 20_000);
    tx.commit().await.unwrap();
    let grown = db.one(Sql::pages()).await.unwrap();
    assert!(grown > pages);
}

async fn fill(tx: &mut yui_db::Tx) -> Result<u64, DbError> {
    tx.execute(Sql::add_next_household(1, then())).await
}

static HOUSEHOLDS: BulkTable = BulkTable { name: "households", columns: &["society_id", "household_id", "created_at"] };

/// One trip to the engine brings what several queries read; a transaction sees its own writes in it.
#[portal_test]
async fn several_queries_are_read_in_one_trip(engine: Engine) {
    let TestDb { db, .. } = &TestDb::on(engine).await;
    add_society(db, 1, "a").await.unwrap();
    let read = (Sql::society("a").one(), Sql::society("nobody").optional(), Sql::members(1).all());
    let (there, nobody, members) = db.read(read).await.unwrap();
    assert_eq!((there.society_id, nobody.is_none(), members.len()), (1, true, 0));
    let missing = db.read((Sql::society("a").one(), Sql::society("nobody").one())).await.unwrap_err();
    assert!(matches!(missing, DbError::NoRow(name) if name.ends_with("::society")), "{missing:?}");
    let mut tx = db.begin().await.unwrap();
    tx.execute(Sql::add_household(1, 7, then())).await.unwrap();
    assert_eq!(tx.read((Sql::households(1).one(), Sql::households(2).one())).await.unwrap(), (1, 0));
    // After an error nothing of a transaction is kept, whatever is asked of it.
    tx.execute(Sql::add_household(1, 7, then())).await.unwrap_err();
    drop(tx);
    assert_eq!(db.one(Sql::households(1)).await.unwrap(), 0);
}

#[portal_test]
async fn a_list_can_be_written_by_too(engine: Engine) {
    let TestDb { db, .. } = &TestDb::on(engine).await;
    for id in 1..=7 {
        add_society(db, id, &format!("s{id}")).await.unwrap();
    }
    let keys: Vec<_> = (3..1300).map(|id| format!("s{id}")).collect();
    assert_eq!(db.execute(Sql::remove_among(0, &[])).await.unwrap(), 0);
    assert_eq!(db.execute(Sql::remove_among(0, &keys)).await.unwrap(), 5);
}

/// A column of another type is an error that names the column and none of its values.
#[portal_test]
async fn a_row_that_does_not_fit_is_named(engine: Engine) {
    let TestDb { db, .. } = &TestDb::on(engine).await;
    add_society(db, 1, "a").await.unwrap();
    let misfit = db.one(Sql::misread(1)).await.unwrap_err().to_string();
    assert!(misfit.contains("misread") && misfit.contains("renamed") && !misfit.contains("てすと"), "{misfit}");
}
