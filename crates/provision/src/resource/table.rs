//! `tables:` the DynamoDB tables.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::api::{Api, ApiError, Request, found};
use crate::change::Change;
use crate::fields::Fields;
use crate::mistake::{Marked, Mistake, kind};
use crate::names;
use crate::resource::{Resource, Settings, Verbs, Wanted, decided};
use crate::table::{Kind, NameRule, Section, may, must};

/// A DynamoDB table, paid by the request.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: Marked<String>,
    /// The partition key.
    pub key: KeyAttribute,
    /// The sort key.
    pub sort_key: Option<KeyAttribute>,
    /// The attribute that says when an item expires, in seconds since 1970.
    pub ttl: Option<Marked<String>>,
}

/// An attribute of a table's key.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyAttribute {
    /// Its name.
    pub name: Marked<String>,
    /// `S`, `N` or `B`.
    pub kind: String,
}

/// Source: the shape `TableName` of the DynamoDB API; at least three characters.
const NAME: NameRule = NameRule { noun: "a table", signs: ".-_", chars_max: 255 };
/// The shape `ScalarAttributeType`.
const TYPES: &[&str] = &["S", "N", "B"];
/// The shape `KeySchemaAttributeName`.
const ATTRIBUTE: Kind = Kind::Text { chars_max: 255 };

pub(crate) const SECTION: Section = Section {
    noun: "a table",
    keys: &[
        must("name", "The table's name: letters, digits, `.`, `-` and `_`, 3 to 255.", Kind::Name(&NAME)),
        must("key", "The attribute that is the partition key.", ATTRIBUTE),
        may("keyType", "Its type: S (text), N (number) or B (bytes). Default S.", Kind::OneOf(TYPES)),
        may("sortKey", "The attribute that is the sort key. Default: none.", ATTRIBUTE),
        may("sortKeyType", "Its type. Default S.", Kind::OneOf(TYPES)),
        may("ttl", "The attribute that says when an item expires, in seconds since 1970.", ATTRIBUTE),
    ],
    choices: &[],
    later: &[("indexes", "this version makes tables without indexes")],
};

pub(crate) fn read(fields: Fields<'_>) -> Table {
    let kind = |key: &str| fields.text(key).map_or_else(|| "S".to_owned(), |kind| kind.value);
    let sort_key = fields.text("sortKey");
    Table {
        name: fields.name("name"),
        key: KeyAttribute { name: fields.name("key"), kind: kind("keyType") },
        sort_key: sort_key.map(|name| KeyAttribute { name, kind: kind("sortKeyType") }),
        ttl: fields.text("ttl"),
    }
}

pub(crate) fn check(tables: &[Table], out: &mut Vec<Mistake>) {
    names::unique("table", tables.iter().map(|table| &table.name), out);
    for table in tables {
        let name = &table.name;
        if !name.value.is_empty() && name.value.chars().count() < 3 {
            out.push(Mistake::new(kind::NAME, name.span, "the name of a table has at least 3 characters"));
        }
        if let Some(sort) = table.sort_key.as_ref().filter(|sort| sort.name.value == table.key.name.value) {
            out.push(Mistake::new(
                kind::DUPLICATE_NAME,
                sort.name.span,
                "the sort key is another attribute than the key",
            ));
        }
    }
}

named_id!("A table.", "table ");

/// The settings that a pipeline decides.
const SETTINGS: &[&str] = &["KeySchema"];
const TTL: &str = "TimeToLive";

impl Table {
    pub(crate) fn wanted(&self) -> Resource {
        let keys = || [(Some(&self.key), "HASH"), (self.sort_key.as_ref(), "RANGE")].into_iter();
        let schema =
            keys().filter_map(|(key, role)| Some(json!({"AttributeName": key?.name.value, "KeyType": role})));
        let attributes = keys().filter_map(|(key, _)| {
            let key = key?;
            Some((key.name.value.clone(), json!(key.kind)))
        });
        let mut settings = Settings::from([
            ("KeySchema".to_owned(), schema.collect()),
            ("AttributeTypes".to_owned(), Value::Object(attributes.collect())),
        ]);
        if let Some(ttl) = &self.ttl {
            settings.insert(TTL.to_owned(), json!(ttl.value));
        }
        Resource::new(Id { name: self.name.value.clone() }, settings)
    }
}

impl Id {
    async fn set_ttl(&self, api: &impl Api, attribute: &Value, is_enabled: Enabled) -> Result<(), ApiError> {
        let specification = json!({"AttributeName": attribute, "Enabled": is_enabled == Enabled::Yes});
        let body = json!({"TableName": self.name, "TimeToLiveSpecification": specification});
        api.call(Request::tables("UpdateTimeToLive", body)).await.map(drop)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Enabled {
    Yes,
    No,
}

impl Verbs for Id {
    const REMOVAL_RANK: u8 = 48;

    async fn look(&self, api: &impl Api) -> Result<Option<Settings>, ApiError> {
        let body = json!({"TableName": self.name});
        let Some(answer) = found(api.call(Request::tables("DescribeTable", body.clone())).await)? else {
            return Ok(None);
        };
        let table = answer.get("Table").ok_or_else(|| ApiError::strange("DescribeTable", "Table"))?;
        let mut settings = decided(table, SETTINGS);
        let attributes = table.get("AttributeDefinitions").and_then(Value::as_array).into_iter().flatten();
        let types: BTreeMap<&str, &Value> = attributes
            .filter_map(|one| Some((one.get("AttributeName")?.as_str()?, one.get("AttributeType")?)))
            .collect();
        settings.insert("AttributeTypes".to_owned(), json!(types));
        let answer = api.call(Request::tables("DescribeTimeToLive", body)).await?;
        let ttl = answer.get("TimeToLiveDescription").unwrap_or(&Value::Null);
        let status = ttl.get("TimeToLiveStatus").and_then(Value::as_str).unwrap_or_default();
        if status.starts_with("ENABL")
            && let Some(attribute) = ttl.get("AttributeName")
        {
            settings.insert(TTL.to_owned(), attribute.clone());
        }
        Ok(Some(settings))
    }

    async fn create(&self, api: &impl Api, wanted: Wanted<'_>) -> Result<(), ApiError> {
        let types = wanted.settings.get("AttributeTypes").and_then(Value::as_object).into_iter().flatten();
        let attributes: Value =
            types.map(|(name, kind)| json!({"AttributeName": name, "AttributeType": kind})).collect();
        let body = json!({
            "TableName": self.name, "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": attributes,
            "KeySchema": wanted.settings.get("KeySchema"),
        });
        api.call(Request::tables("CreateTable", body)).await?;
        match wanted.settings.get(TTL) {
            Some(attribute) => self.set_ttl(api, attribute, Enabled::Yes).await,
            None => Ok(()),
        }
    }

    async fn update(&self, api: &impl Api, _wanted: Wanted<'_>, changes: &[Change]) -> Result<(), ApiError> {
        if changes.iter().any(|change| change.field != TTL) {
            return Err(ApiError {
                code: "ValidationException".to_owned(),
                message: "the key of a table cannot be changed; give the table another name".to_owned(),
                status: 400,
            });
        }
        for change in changes {
            if let Some(attribute) = &change.from {
                self.set_ttl(api, attribute, Enabled::No).await?;
            }
            if let Some(attribute) = &change.to {
                self.set_ttl(api, attribute, Enabled::Yes).await?;
            }
        }
        Ok(())
    }

    async fn delete(&self, api: &impl Api) -> Result<(), ApiError> {
        api.call(Request::tables("DeleteTable", json!({"TableName": self.name}))).await.map(drop)
    }
}
