//! Quotas and pages.

use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};
use serde_json::{Value, json};

use crate::house::{ACCOUNT, House};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

fn role(house: &mut House, name: &str) {
    house.ask("CreateRole", &json!({"RoleName": name, "AssumeRolePolicyDocument": TRUST}));
}

#[test]
fn a_role_has_ten_policies_at_most_and_attaching_once_more_counts_once() {
    let mut house = House::new();
    role(&mut house, "r");
    for number in (0..10).chain([3]) {
        let arn = format!("arn:aws:iam::aws:policy/P{number}");
        house.ask("AttachRolePolicy", &json!({"RoleName": "r", "PolicyArn": arn}));
    }
    let one_more = json!({"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/P10"});
    let error = house.ask_as(ACCOUNT, "AttachRolePolicy", &one_more).unwrap_err();
    assert_eq!((&*error.code, error.status), ("LimitExceeded", 409));
    assert_eq!(error.message, "Cannot exceed quota for PoliciesPerRole: 10");
    let listed = house.ask("ListAttachedRolePolicies", &json!({"RoleName": "r"}));
    assert_eq!(listed["AttachedPolicies"].as_array().unwrap().len(), 10);
}

#[test]
fn inline_policies_count_together_and_without_white_space() {
    let mut house = House::new();
    role(&mut house, "r");
    let document = |letters: usize, spaces: usize| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"{}","Effect":"Allow","Action":"*","Resource":"*"}}]{}}}"#,
            "a".repeat(letters),
            " ".repeat(spaces)
        )
    };
    let put = |house: &mut House, name: &str, text: String| {
        let request = json!({"RoleName": "r", "PolicyName": name, "PolicyDocument": text});
        house.ask_as(ACCOUNT, "PutRolePolicy", &request).map(drop)
    };
    put(&mut house, "one", document(5000, 20_000)).unwrap();
    let error = put(&mut house, "two", document(5200, 0)).unwrap_err();
    assert_eq!(error.message, "Maximum policy size of 10240 bytes exceeded for role r");
    // The refused one is not there, and the first one can be replaced by as much.
    assert_eq!(house.ask("ListRolePolicies", &json!({"RoleName": "r"}))["PolicyNames"], json!(["one"]));
    put(&mut house, "one", document(10_000, 0)).unwrap();
}

#[test]
fn a_trust_policy_has_2048_characters_at_most() {
    let mut house = House::new();
    let text = TRUST.replace("\"Effect\"", &format!("\"Sid\":\"{}\",\"Effect\"", "a".repeat(2000)));
    let request = json!({"RoleName": "r", "AssumeRolePolicyDocument": text});
    let error = house.ask_as(ACCOUNT, "CreateRole", &request).unwrap_err();
    assert_eq!(
        (&*error.code, &*error.message),
        ("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")
    );
}

#[test]
fn accounts_do_not_see_each_other() {
    let mut house = House::new();
    role(&mut house, "r");
    let error = house.ask_as("999999999999", "GetRole", &json!({"RoleName": "r"})).unwrap_err();
    assert_eq!(&*error.code, "NoSuchEntity");
    let listed = house.ask_as("999999999999", "ListRoles", &json!({})).unwrap();
    assert_eq!(listed, json!({"Roles": [], "IsTruncated": false}));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_role_is_on_one_page(count in 0..12_usize, limit in 1..6_usize) {
        let mut house = House::new();
        let names: Vec<String> = (0..count).map(|number| format!("{}{number}", ["r", "R", "-"][number % 3])).collect();
        names.iter().for_each(|name| role(&mut house, name));
        let mut seen = Vec::new();
        let mut marker = Value::Null;
        loop {
            let page = house.ask("ListRoles", &json!({"MaxItems": limit, "Marker": marker}));
            let roles = page["Roles"].as_array().unwrap().clone();
            assert!(roles.len() <= limit);
            seen.extend(roles.iter().map(|role| role["RoleName"].as_str().unwrap().to_owned()));
            if page["IsTruncated"] == false {
                assert!(page.get("Marker").is_none());
                break;
            }
            marker = page["Marker"].clone();
        }
        let mut names = names;
        names.sort();
        prop_assert_eq!(seen, names);
    }
}
