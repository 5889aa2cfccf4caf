//! Every SQL text of the program, prepared on both engines and compared with the types that it is declared with.

use portal_test::portal_test;
use yui_db::{Db, DescribedColumn, Engine, Kind, Statement, statements_declared, testing::TestDb};

/// Returns what SQLite would say of a column of this type: it knows fewer.
fn as_sqlite(kind: Kind) -> Kind {
    match kind {
        Kind::Date | Kind::Time => Kind::Text,
        Kind::Bool | Kind::Small => Kind::Int,
        other => other,
    }
}

/// Returns what does not fit between a statement's declaration and an engine's description of it.
async fn misfits(db: &Db, statement: &'static Statement) -> Vec<String> {
    let described = match db.describe(statement).await {
        Ok(described) => described,
        Err(error) => return vec![error.to_string()],
    };
    let mut misfits = Vec::new();
    if described.parameters != statement.parameters.len() {
        misfits.push(format!(
            "{} parameters are declared, it takes {}",
            statement.parameters.len(),
            described.parameters
        ));
    }
    let declared = statement.columns();
    let names = |columns: &[DescribedColumn]| columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
    if statement.columns.is_some() && declared.len() != described.columns.len() {
        misfits.push(format!("{} columns are read, it has {:?}", declared.len(), names(&described.columns)));
    }
    for (column, found) in declared.iter().zip(&described.columns) {
        if column.name.is_some_and(|name| name != found.name) {
            misfits.push(format!("{} is read where {} comes", column.name.unwrap_or_default(), found.name));
        }
        let kind = if db.engine() == Engine::Sqlite { as_sqlite(column.kind) } else { column.kind };
        if found.kind.is_some_and(|found| found != kind) {
            misfits.push(format!("{} is {:?} and read as {kind:?}", found.name, found.kind));
        }
        if found.nullable == Some(true) && !column.nullable {
            misfits.push(format!("{} may be NULL and is read as if it were not", found.name));
        }
    }
    misfits
}

#[portal_test(postgres)]
async fn check_sql() {
    let statements: Vec<_> = statements_declared().collect();
    assert!(statements.len() > 400, "the statements are found");
    let mut all = Vec::new();
    for TestDb { db, .. } in &TestDb::both().await {
        for statement in &statements {
            let found = misfits(db, statement).await;
            all.extend(found.into_iter().map(|misfit| format!("{:?}: {}: {misfit}", db.engine(), statement.name)));
        }
    }
    assert!(all.is_empty(), "{} misfits:\n{}", all.len(), all.join("\n"));
}
