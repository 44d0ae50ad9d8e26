//! JSON text taken apart without being changed: members and elements as slices of the text they stand in.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The value of the member `key` of the object in `text`; the last one where the key repeats, as JSON readers take it.
/// `None` where there is none or `text` is no object.
pub(crate) fn member<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.deserialize_map(Member(key)).ok().flatten().map(RawValue::get)
}

/// Whether the JSON text is an object or an array.
pub(crate) fn is_composite(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// The values of all members of the object, or all elements of the array, in `text`; none where it is neither.
pub(crate) fn children(text: &str) -> Vec<&str> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let children = match text.trim_start().as_bytes().first() {
        Some(b'{') => reader.deserialize_map(Children),
        Some(b'[') => reader.deserialize_seq(Children),
        _ => return Vec::new(),
    };
    children.unwrap_or_default().into_iter().map(RawValue::get).collect()
}

/// The element at `index` of the array in `text`; `None` where there is none or `text` is no array.
pub(crate) fn element(text: &str, index: usize) -> Option<&str> {
    if !text.trim_start().starts_with('[') {
        return None;
    }
    children(text).get(index).copied()
}

/// The text inside the quotes of a JSON string, escapes as they are; `None` where `text` is no string.
pub(crate) fn string_inside(text: &str) -> Option<&str> {
    text.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))
}

/// A key, borrowed where it has no escapes.
struct Key<'de>(Cow<'de, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Borrowed(key)))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Owned(key.to_owned())))
    }
}

struct Member<'k>(&'k str);

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(Key(key)) = map.next_key()? {
            if key == self.0 {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

struct Children;

impl<'de> Visitor<'de> for Children {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while let Some((IgnoredAny, value)) = map.next_entry()? {
            found.push(value);
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while let Some(value) = seq.next_element()? {
            found.push(value);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::{children, element, member, string_inside};

    #[test]
    fn values_keep_their_bytes() {
        let text = r#"{ "a" : 1.00, "k\u0065y": "x\"y", "list": [ 1e3 , {"b": [ ]} ], "a": 2 }"#;
        assert_eq!(member(text, "a"), Some("2"));
        assert_eq!(member(text, "key"), Some(r#""x\"y""#));
        assert_eq!(member(text, "absent"), None);
        let list = member(text, "list").unwrap();
        assert_eq!(children(list), ["1e3", r#"{"b": [ ]}"#]);
        assert_eq!(element(list, 0), Some("1e3"));
        assert_eq!(element(list, 2), None);
        assert_eq!(element(text, 0), None);
        assert_eq!(string_inside(r#" "x\"y" "#), Some(r#"x\"y"#));
        assert_eq!(string_inside("5"), None);
        assert_eq!(member("5", "a"), None);
        assert_eq!(children("null"), Vec::<&str>::new());
    }
}
