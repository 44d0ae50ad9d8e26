//! What a person says about AWS: the environment, and a profile that is named before it.

use std::fmt;
use std::sync::Arc;

/// How a variable of the environment is looked up.
type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

/// The environment, and the profile that was named.
#[derive(Clone)]
pub struct Settings {
    lookup: Arc<Lookup>,
    pub(crate) profile: Option<String>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Settings").field("profile", &self.profile).finish_non_exhaustive()
    }
}

impl Settings {
    /// With this environment, and nothing named before it.
    pub fn new(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { lookup: Arc::new(lookup), profile: None }
    }

    /// With a profile that is asked instead of the environment.
    #[must_use]
    pub fn with_profile(mut self, name: impl Into<String>) -> Self {
        self.profile = Some(name.into());
        self
    }

    /// Whether a profile is asked instead of the environment.
    pub fn names_profile(&self) -> bool {
        self.profile.is_some()
    }

    /// A variable that is set and not empty.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|text| !text.is_empty())
    }

    /// Whether a variable says `true`.
    pub(crate) fn says(&self, name: &str) -> bool {
        self.variable(name).is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// The profile that is asked, and whether somebody named it.
    pub(crate) fn profile_name(&self) -> ProfileName {
        let named = self.profile.clone();
        match named.or_else(|| self.variable("AWS_PROFILE")).or_else(|| self.variable("AWS_DEFAULT_PROFILE"))
        {
            Some(name) => ProfileName { name, is_named: true },
            None => ProfileName { name: "default".to_owned(), is_named: false },
        }
    }
}

/// A profile's name.
#[derive(Clone, Debug)]
pub(crate) struct ProfileName {
    pub(crate) name: String,
    /// Not so for `default` where nothing is named: it need not exist.
    pub(crate) is_named: bool,
}
