//! The profiles of `~/.aws/config` and `~/.aws/credentials`.
//!
//! Source of the format: AWS SDKs and Tools Reference Guide, "Format of the config file": sections `[default]`,
//! `[profile name]`, `[sso-session name]`, in the credentials file `[name]`; comments after `#` or `;`; indented lines belong to
//! the setting above them. The credentials file wins over the configuration.

use std::collections::BTreeMap;

use crate::files;
use crate::settings::Settings;

/// The settings of one section, by name in lower case.
pub(crate) type Section = BTreeMap<String, String>;

/// All profiles and SSO sessions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Profiles {
    profiles: BTreeMap<String, Section>,
    sessions: BTreeMap<String, Section>,
}

/// The two kinds of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Config,
    Credentials,
}

impl Profiles {
    /// Those of the files that the environment names, or of those in the home folder.
    ///
    /// # Errors
    /// A sentence about a file that cannot be read.
    pub(crate) fn read(settings: &Settings) -> Result<Self, String> {
        let path = |variable: &str, name: &str| {
            let home = || Some(format!("{}/.aws/{name}", settings.variable("HOME")?));
            settings.variable(variable).or_else(home)
        };
        let text = |path: Option<String>| match path {
            Some(path) => files::text(&path).map(Option::unwrap_or_default),
            None => Ok(String::new()),
        };
        let mut profiles = Self::default();
        profiles.add(&text(path("AWS_CONFIG_FILE", "config"))?, Kind::Config);
        profiles.add(&text(path("AWS_SHARED_CREDENTIALS_FILE", "credentials"))?, Kind::Credentials);
        Ok(profiles)
    }

    /// A profile of this name.
    pub(crate) fn profile(&self, name: &str) -> Option<&Section> {
        self.profiles.get(name)
    }

    /// An SSO session of this name.
    pub(crate) fn session(&self, name: &str) -> Option<&Section> {
        self.sessions.get(name)
    }

    fn add(&mut self, text: &str, kind: Kind) {
        // A section of another kind, such as `[services x]`, is read and forgotten.
        let mut forgotten = Section::new();
        let mut section = &mut forgotten;
        for line in text.lines() {
            let is_indented = line.starts_with([' ', '\t']);
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
                section = match self.section(header.trim(), kind) {
                    Some(section) => section,
                    None => &mut forgotten,
                };
            } else if let (false, Some((name, value))) = (is_indented, line.split_once('=')) {
                section.insert(name.trim().to_ascii_lowercase(), without_comment(value).to_owned());
            }
        }
    }

    fn section(&mut self, header: &str, kind: Kind) -> Option<&mut Section> {
        let named = header.split_once([' ', '\t']).map(|(word, name)| (word, name.trim()));
        match (kind, named) {
            (Kind::Config, Some(("profile", name))) => {
                Some(self.profiles.entry(name.to_owned()).or_default())
            }
            (Kind::Config, Some(("sso-session", name))) => {
                Some(self.sessions.entry(name.to_owned()).or_default())
            }
            (Kind::Config, None) if header == "default" => {
                Some(self.profiles.entry(header.to_owned()).or_default())
            }
            (Kind::Credentials, None) => Some(self.profiles.entry(header.to_owned()).or_default()),
            _ => None,
        }
    }
}

/// A comment at the end of a line begins with white space.
fn without_comment(value: &str) -> &str {
    let comment = [" #", " ;", "\t#", "\t;"].iter().filter_map(|mark| value.find(mark)).min();
    value.get(..comment.unwrap_or(value.len())).unwrap_or(value).trim()
}

#[cfg(test)]
mod tests {
    use super::{Kind, Profiles};

    #[test]
    fn sections_are_read_as_the_reference_guide_says() {
        let mut profiles = Profiles::default();
        profiles.add(
            "# all\n[default]\nregion = eu-west-1 ; ours\ns3 =\n  region = never\n[profile  dev]\nRole_Arn=arn:aws:iam::1:role/a#b\n\
             [sso-session corp]\nsso_region=us-east-1\n[services x]\nregion=never\n[stray]\nregion=never\n",
            Kind::Config,
        );
        profiles.add(
            "[dev]\naws_access_key_id = A\n[profile odd]\naws_access_key_id = never\n",
            Kind::Credentials,
        );
        let value = |profile: &str, name: &str| Some(profiles.profile(profile)?.get(name)?.as_str());
        assert_eq!(value("default", "region"), Some("eu-west-1"));
        assert_eq!(value("dev", "role_arn"), Some("arn:aws:iam::1:role/a#b"));
        assert_eq!(value("dev", "aws_access_key_id"), Some("A"));
        assert_eq!(profiles.session("corp").map(|session| session.len()), Some(1));
        assert!(profiles.profile("stray").is_none() && profiles.profile("odd").is_none());
        let all = format!("{profiles:?}");
        assert!(!all.contains("never"), "{all}");
    }
}
