//! No statement reads or writes another society's rows: each table that has a `society_id` is bound by it.

use std::collections::BTreeSet;

use yui_db::{Engine, Statement, statements_declared, testing::TestDb};

/// The statements that are over all societies, and what they return of them.
const ACROSS_SOCIETIES: &[(&str, &str)] = &[
    ("core::society::queries::society_list", "the societies themselves"),
    ("core::society::queries::older_host_list", "the hosts that lead to them"),
    ("features::societies::queries::society_next_id", "a number for the next one"),
    ("features::expenses::unmatched::queries::societies_due", "those with work for a worker"),
    ("features::imports::queries::batches::societies_due", "those with work for a worker"),
    ("features::imports::queries::uploads::societies_with_work", "those with work for a worker"),
    ("features::mails::queries::societies_due", "those with work for a worker"),
    ("features::migration::announcements::queries::societies", "those with work for a worker"),
    ("features::temporary_ids::runs::queries::societies", "those with work for a worker"),
];

/// Returns the words and signs of a SQL text. Keywords are written in capitals, names in small letters.
fn tokens(sql: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
        let length = match first {
            '\'' => rest[1..].find('\'').map_or(rest.len(), |end| end + 2),
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        if !token.trim().is_empty() {
            tokens.push(token);
        }
        rest = after;
    }
    tokens
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_lowercase())
}

/// Returns the tables of societies that the statement uses without comparing their `society_id`, or giving it to a new row.
fn unbound<'s>(sql: &'s str, tables: &BTreeSet<String>) -> Vec<&'s str> {
    let tokens = tokens(sql);
    let at = |index: usize| tokens.get(index).copied().unwrap_or_default();
    let mut unbound = Vec::new();
    for (place, word) in tokens.iter().enumerate() {
        let table = at(place + 1);
        if !matches!(*word, "FROM" | "JOIN" | "UPDATE" | "INTO") || !tables.contains(table) {
            continue;
        }
        let after = if at(place + 2) == "AS" { place + 3 } else { place + 2 };
        let called = if is_name(at(after)) { at(after) } else { table };
        let is_bound = (0..tokens.len()).filter(|index| at(*index) == "society_id").any(|index| {
            let qualified = index >= 2 && at(index - 1) == ".";
            let (of, first) = if qualified { (at(index - 2), index - 2) } else { (table, index) };
            let compared = at(index + 1) == "=" || (first > 0 && at(first - 1) == "=");
            // A row of keys: `(society_id, claim_key) IN (SELECT …)`, or the columns of a new row.
            let in_a_list = first > 0 && at(first - 1) == "(" && at(index + 1) == ",";
            let selected = *word == "INTO" || in_a_list;
            (of == called || of == table) && (compared || selected)
        });
        if !is_bound {
            unbound.push(table);
        }
    }
    unbound
}

#[tokio::test]
async fn every_table_is_bound_to_a_society() {
    let db = TestDb::on(Engine::Sqlite).await.db;
    let tables: BTreeSet<_> = db.tables().await.unwrap().of_societies.into_iter().map(|table| table.name).collect();
    let own = statements_declared().filter_map(|statement| Some((statement.name.strip_prefix("yui::")?, statement)));
    let mut across: Vec<_> = ACROSS_SOCIETIES.iter().map(|(name, _)| *name).collect();
    let mut found = Vec::new();
    for (name, statement) in own {
        if let Some(known) = across.iter().position(|known| *known == name) {
            across.swap_remove(known);
            continue;
        }
        found.extend(unbound(statement.sql, &tables).into_iter().map(|table| format!("{name}: {table} is not bound")));
        if takes_rows(statement, &tables) && statement.parameters.first().is_none_or(|first| first.name != "society_id")
        {
            found.push(format!("{name}: the first parameter is not the society"));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(across.is_empty(), "no longer there, or no longer over all societies: {across:?}");
}

fn takes_rows(statement: &Statement, tables: &BTreeSet<String>) -> bool {
    tokens(statement.sql).into_iter().any(|token| tables.contains(token))
}

#[test]
fn a_table_without_its_society_is_found() {
    let tables = BTreeSet::from(["members".to_owned(), "accounts".to_owned()]);
    let bound = "SELECT m.name FROM members m JOIN accounts a ON a.society_id = m.society_id WHERE m.society_id = $1";
    assert!(unbound(bound, &tables).is_empty());
    assert_eq!(unbound("SELECT society_id, name FROM members WHERE member_id = $1", &tables), ["members"]);
    let joined = "SELECT m.name FROM members m JOIN accounts a ON a.member_id = m.member_id WHERE m.society_id = $1";
    assert_eq!(unbound(joined, &tables), ["accounts"]);
    assert!(unbound("INSERT INTO members (society_id, name) VALUES ($1, $2)", &tables).is_empty());
    assert_eq!(unbound("DELETE FROM members WHERE name = 'society_id ='", &tables), ["members"]);
}
