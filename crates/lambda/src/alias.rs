//! An alias: a name for one version, or for two of which each gets a part of the invocations.

use aws::{Error, Scope};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{KeyRange, Read, Table, Tx};

use crate::{error, limits, name};

pub(crate) const ALIASES: Table<(String, String), Alias> = Table::new(74, "Lambda aliases");

/// An alias as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Alias {
    pub(crate) version: String,
    pub(crate) description: String,
    /// The second version and its part, 0 to 1.
    pub(crate) second: Option<SecondVersion>,
    pub(crate) revision_id: String,
}

/// The other version of an alias.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SecondVersion {
    pub(crate) version: String,
    pub(crate) weight: f64,
}

store::record!(Alias, version 1);

impl Alias {
    pub(crate) fn find(read: &mut impl Read, function: &str, name: &str) -> Option<Self> {
        read.get(&ALIASES, &(function.to_owned(), name.to_owned()))
    }

    /// An alias that must be there.
    pub(crate) fn require(
        read: &mut impl Read,
        function: &str,
        name: &str,
        home: &Scope,
    ) -> Result<Self, Error> {
        Self::find(read, function, name)
            .ok_or_else(|| error::no_alias(&name::arn(home, function, Some(name))))
    }

    pub(crate) fn put(&self, tx: &mut Tx<'_>, function: &str, name: &str) {
        tx.put(&ALIASES, &(function.to_owned(), name.to_owned()), self);
    }

    /// The aliases of a function, by name.
    pub(crate) fn all(read: &mut impl Read, function: &str) -> Vec<(String, Self)> {
        let all = read.list(&ALIASES, &KeyRange::prefix(&function.to_owned()), limits::LISTED_MAX);
        all.into_iter().map(|((_, name), alias)| (name, alias)).collect()
    }

    /// The version that an invocation gets; `chance` is a random number of 64 bits.
    pub(crate) fn version_for(&self, chance: u64) -> &str {
        #[expect(clippy::cast_precision_loss, reason = "53 bits are chance enough")]
        let share = (chance >> 11) as f64 / (1_u64 << 53) as f64;
        match &self.second {
            Some(second) if share < second.weight => &second.version,
            _ => &self.version,
        }
    }

    pub(crate) fn shown(&self, home: &Scope, function: &str, name: &str) -> Value {
        let mut shown = json!({
            "AliasArn": name::arn(home, function, Some(name)).to_string(),
            "Name": name,
            "FunctionVersion": self.version,
            "Description": self.description,
            "RevisionId": self.revision_id,
        });
        if let (Some(second), Some(shown)) = (&self.second, shown.as_object_mut()) {
            let weights = json!({"AdditionalVersionWeights": {second.version.as_str(): second.weight}});
            shown.insert("RoutingConfig".to_owned(), weights);
        }
        shown
    }
}
