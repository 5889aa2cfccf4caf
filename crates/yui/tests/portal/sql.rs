//! Every SQL text of the program, prepared on both engines.

use portal_test::portal_test;
use yui_db::{Column, Db, Engine, statements_declared, testing::TestDb};

/// Returns what SQLite would say of a column that PostgreSQL describes: it knows fewer types.
fn as_sqlite(kind: Option<&'static str>) -> Option<&'static str> {
    match kind {
        Some("date" | "time") => Some("text"),
        Some("bool") => Some("int"),
        other => other,
    }
}

fn agree(sqlite: &Column, postgres: &Column) -> bool {
    let kind = sqlite.kind.is_none() || postgres.kind.is_none() || sqlite.kind == as_sqlite(postgres.kind);
    // Where both can tell: an outer join or an expression leaves one of them unsure.
    let nullable = match (sqlite.nullable, postgres.nullable) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    };
    sqlite.name == postgres.name && kind && nullable
}

#[portal_test(postgres)]
async fn check_sql() {
    let sqlite = TestDb::on(Engine::Sqlite).await;
    let postgres = TestDb::on(Engine::Postgres).await;
    let statements: Vec<_> = statements_declared().collect();
    assert!(statements.len() > 40, "the statements are found");
    for statement in statements {
        let described = async |db: &Db| db.describe(statement).await.unwrap_or_else(|error| panic!("{error}"));
        let (here, there) = (described(&sqlite.db).await, described(&postgres.db).await);
        assert_eq!(here.parameters, there.parameters, "{}: parameters", statement.name);
        assert_eq!(here.columns.len(), there.columns.len(), "{}: columns", statement.name);
        for (one, other) in here.columns.iter().zip(&there.columns) {
            assert!(agree(one, other), "{}: {one:?} on SQLite is {other:?} on PostgreSQL", statement.name);
        }
    }
}
