//! No question of the daily work reads through what is ended: a year later the journal is as quick as on the first day.

use rusqlite::Connection;

use super::desk::Desk;
use crate::journal::{accept, life, views};

/// How `SQLite` goes about a question, a line a step.
fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut query = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a question");
    for place in 1..=query.parameter_count() {
        query.raw_bind_parameter(place, 1).expect("bound");
    }
    let mut rows = query.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().expect("planned") {
        steps.push(row.get(3).expect("a step"));
    }
    steps
}

/// Indexes that hold only what is not ended may be read through; a search must fix more than the device.
fn reads_through(step: &str) -> bool {
    let small = ["documents_open", "documents_in_flight", "reports_waiting", "reports_parked"];
    let whole = step.starts_with("SCAN documents") || step.starts_with("SCAN reports") || step.starts_with("SCAN d ");
    let device_alone = step.ends_with("(device=?)");
    (whole || device_alone || step == "SCAN d") && !small.iter().any(|index| step.contains(index))
}

#[test]
fn questions_on_the_way_of_a_document_and_of_people_fix_what_they_look_for() {
    let desk = Desk::open();
    let connection = Connection::open(desk.path()).expect("opened");
    let any = "SELECT 1 FROM documents d LEFT JOIN reports r ON r.document = d.row";
    let questions = [
        accept::STOPPED.to_owned(),
        accept::AHEAD.to_owned(),
        life::TAKEN.to_owned(),
        views::FIND.to_owned(),
        format!("{any} {}", views::OPEN),
        format!("{any} {}", views::UNHEARD),
    ];
    for question in questions {
        let plan = plan(&connection, &question);
        assert!(!plan.iter().any(|step| reads_through(step)), "{question}: {plan:#?}");
    }
}

#[test]
fn a_question_that_reads_through_is_seen() {
    let desk = Desk::open();
    let connection = Connection::open(desk.path()).expect("opened");
    for question in [
        "SELECT 1 FROM documents WHERE device = ?1 AND state = 'needs_operator'",
        "SELECT 1 FROM documents WHERE request_id = ?1",
        "SELECT 1 FROM documents d WHERE d.state <> 'done'",
    ] {
        let plan = plan(&connection, question);
        assert!(plan.iter().any(|step| reads_through(step)), "{question}: {plan:#?}");
    }
}
