//! The requests against DynamoDB's operations as the house serves them: what the expressions mean is the engine's to say.

use aws::{Call, Error, Ids, Reply, Scope, Timestamp};
use serde_json::{Value, json};
use tables::Tables;
use worker::clock::Tick;
use worker::permit::{Bid, Seen, Terms, read_answer, to_reads};
use worker::record::{self, Claim, Standing};

const TABLE: &str = "state";

/// A table in a folder that vanishes.
struct Engine {
    tables: Tables,
    _folder: tempfile::TempDir,
}

impl Engine {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tables.sqlite");
        let tables = Tables::open(&file, Scope::new("123456789012", "eu-west-1")).unwrap();
        let engine = Self { tables, _folder: folder };
        let request = json!({"TableName": TABLE, "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]});
        engine.ask("CreateTable", &request).unwrap();
        engine
    }

    fn ask(&self, operation: &str, request: &Value) -> Result<Value, Error> {
        let row = tables::ops::OPERATIONS.iter().find(|row| row.name == operation).unwrap();
        let call = Call {
            now: Timestamp::ZERO,
            account: "123456789012".to_owned(),
            region: "eu-west-1".to_owned(),
            request_id: "request".to_owned(),
            base_url: "http://127.0.0.1:4566".to_owned(),
            ids: Ids::from_seed(1),
            payload: Vec::new(),
        };
        let Reply::Later(answer) = (row.run)(&self.tables, call, request.to_string().as_bytes()) else {
            panic!("{operation} answers at once");
        };
        let body = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(answer)?;
        Ok(serde_json::from_slice(&body).unwrap())
    }

    /// What the refusal of a conditional write says is there.
    fn refused(&self, operation: &str, request: &Value) -> Value {
        let error = self.ask(operation, request).unwrap_err();
        assert_eq!(&*error.code, "ConditionalCheckFailedException", "{}", error.message);
        error.members.and_then(|members| members.get("Item").cloned()).unwrap_or_default()
    }
}

fn bid(owner: &str, instead_of: Option<Seen>) -> Bid {
    Bid { permit: 1, owner: owner.to_owned(), instead_of }
}

#[test]
fn a_permit_is_one_s_until_it_is_released_or_stands_still() {
    let engine = Engine::open();
    let terms = Terms::new("crm", 2, 1_000);
    let won = engine.ask("UpdateItem", &bid("a", None).to_update(TABLE, &terms)).unwrap();
    let hold = bid("a", None).won(&terms, &won["Attributes"], Tick(5));
    assert_eq!((hold.fence, hold.until), (1, Tick(5 + terms.lease_ms)));
    // It is held: another bid for a free one is refused, and told who holds it.
    let seen = Seen::of_item(&engine.refused("UpdateItem", &bid("b", None).to_update(TABLE, &terms)));
    assert_eq!(seen, Seen { owner: Some("a".to_owned()), fence: 1, beat: 0, lease_ms: terms.lease_ms });
    // A beat in between: who saw it before it does not get it.
    engine.ask("UpdateItem", &hold.to_beat(TABLE, &terms)).unwrap();
    let now = engine.refused("UpdateItem", &bid("b", Some(seen)).to_update(TABLE, &terms));
    let seen = Seen::of_item(&now);
    assert_eq!(seen.beat, 1);
    // It stands still: it is taken over, with a higher fence, and the former holder can neither renew nor release it.
    let won = engine.ask("UpdateItem", &bid("b", Some(seen.clone())).to_update(TABLE, &terms)).unwrap();
    let second = bid("b", Some(seen)).won(&terms, &won["Attributes"], Tick(9));
    assert_eq!(second.fence, 2);
    engine.refused("UpdateItem", &hold.to_beat(TABLE, &terms));
    engine.refused("UpdateItem", &hold.to_release(TABLE, &terms));
    engine.ask("UpdateItem", &second.to_release(TABLE, &terms)).unwrap();
    let reads = to_reads(TABLE, &terms);
    let answer = engine.ask("BatchGetItem", &reads[0]).unwrap();
    let told = read_answer(TABLE, &terms, &reads[0], &answer);
    let free = Seen { owner: None, fence: 2, beat: 0, lease_ms: terms.lease_ms };
    assert_eq!(told, [(0, Seen::default()), (1, free)]);
}

#[test]
fn a_hundred_and_one_permits_are_read_in_two_requests() {
    let engine = Engine::open();
    let terms = Terms::new("a/b~c", 101, 1_000);
    let reads = to_reads(TABLE, &terms);
    let told = reads.iter().map(|read| {
        let answer = engine.ask("BatchGetItem", read).unwrap();
        read_answer(TABLE, &terms, read, &answer).len()
    });
    assert_eq!(told.collect::<Vec<_>>(), [100, 1]);
    // What the answer says was not read is not known to be free.
    let unread = json!({"Responses": {}, "UnprocessedKeys": {TABLE: {"Keys": [{"id": {"S": terms.id(3)}}]}}});
    assert_eq!(read_answer(TABLE, &terms, &reads[0], &unread).len(), 99);
}

#[test]
fn a_record_is_claimed_completed_and_forgotten_by_its_fence() {
    let engine = Engine::open();
    let at = |ms: u64| Timestamp::from_unix_ms(1_700_000_000_000 + ms);
    let claim = |fence: &str, ms: u64| Claim {
        id: record::id("worker.calls", "e1"),
        fence: fence.to_owned(),
        now: at(ms),
        busy_until: at(ms + 6_000),
    };
    let first = claim("one", 0);
    engine.ask("PutItem", &first.to_put(TABLE)).unwrap();
    let there = engine.refused("PutItem", &claim("two", 5_000).to_put(TABLE));
    assert_eq!(Standing::of_item(&there), Standing::Busy(at(6_000)));
    // Its time is over: another one begins, and the first can neither complete nor forget what is no longer its own.
    let second = claim("two", 6_001);
    engine.ask("PutItem", &second.to_put(TABLE)).unwrap();
    engine.refused("UpdateItem", &first.to_complete(TABLE, &json!({"status": 200}), at(6_002)));
    engine.refused("DeleteItem", &first.to_forget(TABLE));
    engine.ask("DeleteItem", &second.to_forget(TABLE)).unwrap();
    let third = claim("three", 7_000);
    engine.ask("PutItem", &third.to_put(TABLE)).unwrap();
    engine.ask("UpdateItem", &third.to_complete(TABLE, &json!({"status": 200}), at(7_500))).unwrap();
    let there = engine.refused("PutItem", &claim("four", 99_000).to_put(TABLE));
    assert_eq!(Standing::of_item(&there), Standing::Done);
    assert_eq!(there["data"]["S"], r#"{"status":200}"#);
    // Kept for a week, whenever the time to live removes it.
    let week_ms = record::KEPT_S * 1_000;
    engine.refused("PutItem", &claim("five", week_ms).to_put(TABLE));
    engine.ask("PutItem", &claim("six", week_ms + 9_000).to_put(TABLE)).unwrap();
}

/// As Powertools writes it: a record in progress without an end is nobody's to take.
#[test]
fn records_of_functions_are_understood() {
    let done = json!({"status": {"S": "COMPLETED"}, "expiration": {"N": "1"}});
    assert_eq!(Standing::of_item(&done), Standing::Done);
    let busy = json!({"status": {"S": "INPROGRESS"}});
    assert_eq!(Standing::of_item(&busy), Standing::Busy(Timestamp::MAX));
}
