//! Who may call a function: its policy, judged as AWS judges it.

use aws::policy::{Caller, Request};
use aws::{Arn, Scope};
use serde_json::json;

use crate::house::House;

#[test]
fn a_rule_may_call_what_its_functions_policy_lets_it() {
    let mut house = House::new();
    let role = "arn:aws:iam::000000000000:role/r";
    house
        .ask("CreateFunction", &json!({"FunctionName": "f", "Runtime": "nodejs20.x", "Role": role, "Handler": "i.h", "Code": {"ZipFile": "UEsx"}}))
        .unwrap();
    house
        .ask("AddPermission", &json!({"FunctionName": "f", "StatementId": "s", "Action": "lambda:InvokeFunction",
            "Principal": "events.amazonaws.com", "SourceArn": "arn:aws:events:us-east-1:000000000000:rule/bus/genesys-conv-end-*"}))
        .unwrap();
    let home = Scope::default();
    let function: Arn = home.arn("lambda", "function:f");
    let asks = |rule: &str, function: &Arn| {
        let rule = home.arn("events", format!("rule/bus/{rule}"));
        Request::on_behalf(Caller::eventbridge(), ("lambda:InvokeFunction", function), &rule)
    };
    let functions = house.functions.clone();
    let may = |rule: &str, function: &Arn| functions.judge(function, &asks(rule, function)).unwrap();
    assert!(may("genesys-conv-end-7", &function).decision.is_allowed());
    let refused = may("another", &function);
    assert!(!refused.decision.is_allowed());
    let qualified = home.arn("lambda", "function:f:live");
    assert!(!may("genesys-conv-end-7", &qualified).decision.is_allowed());
    let missing = home.arn("lambda", "function:none");
    assert!(!may("genesys-conv-end-7", &missing).decision.is_allowed());
}
