//! The pipeline file as commands take it: read, checked, and its mistakes shown.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anstyle::Style;
use clap::Args;
use events::BusName;
use genesys::webhook::Webhook;
use genesys::webhook::verification::{self, StandardKey, Verification};
use genesys_org::simulator::{Config as OrgConfig, LoadCurve, Org};
use provision::mistake::{Part, kind};
use provision::noun::genesys::{Load, Source as GenesysSource};
use provision::noun::webhook::{Verify, Webhook as WebhookNoun};
use provision::{Files, Mistake, Pipeline, Place, Reading, Texts};
use server::config::OpenWebhook;

use crate::{output, trouble};

/// The file that a command works on where none is named.
pub(crate) const DEFAULT: &str = "trunkline.yaml";

/// Where a pipeline file will be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Environment {
    /// Here: its variables are those of this process.
    Here,
    /// Elsewhere: a variable that is not set here may be set there.
    Elsewhere,
}

impl Environment {
    fn variable(self, name: &str) -> Option<String> {
        let here = std::env::var(name).ok();
        if self == Self::Elsewhere { here.or_else(|| Some(format!("value-of-{name}"))) } else { here }
    }
}

/// Which file a command works on, and which of its profiles.
#[derive(Debug, Args)]
pub(crate) struct FileArguments {
    /// The pipeline file
    #[arg(short, long, value_name = "FILE", default_value = DEFAULT)]
    pub(crate) file: PathBuf,
    /// Use this profile of the file, one of its `profiles:`
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
}

impl FileArguments {
    pub(crate) fn read(&self) -> Result<PipelineFile, String> {
        PipelineFile::read(&self.file, self.profile.as_deref())
    }
}

/// A pipeline file, what it includes, and the profile that is laid over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PipelineFile {
    texts: Texts,
    profile: Option<String>,
}

impl PipelineFile {
    /// Reads a file.
    pub(crate) fn read(path: &Path, profile: Option<&str>) -> Result<Self, String> {
        let texts = Texts::read(path, &|name| std::env::var(name).ok())?;
        Ok(Self { texts, profile: profile.map(str::to_owned) })
    }

    /// The sample, for whoever names no file.
    pub(crate) fn sample() -> Self {
        let name = Path::new("the sample pipeline");
        Self { texts: Texts::of_text(name, provision::sample().to_owned()), profile: None }
    }

    /// The same, read anew.
    pub(crate) fn again(&self) -> Result<Self, String> {
        Self::read(self.texts.name(), self.profile.as_deref())
    }

    /// The same with another profile.
    pub(crate) fn with_profile(&self, profile: &str) -> Self {
        Self { texts: self.texts.clone(), profile: Some(profile.to_owned()) }
    }

    /// The profile that is laid over the file.
    pub(crate) fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// The names of its profiles.
    pub(crate) fn profiles(&self) -> Vec<String> {
        self.reading(&|name| Environment::Elsewhere.variable(name)).profiles()
    }

    /// Its name.
    pub(crate) fn name(&self) -> &Path {
        self.texts.name()
    }

    /// Its name and its profile.
    pub(crate) fn said(&self) -> String {
        let name = self.name().display();
        self.profile().map_or_else(|| name.to_string(), |profile| format!("{name} with profile {profile}"))
    }

    /// What stands in it and in what it includes.
    pub(crate) fn texts(&self) -> &Texts {
        &self.texts
    }

    fn reading<'a>(&'a self, env: &'a dyn Fn(&str) -> Option<String>) -> Reading<'a> {
        Reading { texts: &self.texts, profile: self.profile.as_deref(), env, files: Files::Sought }
    }

    /// The pipeline, or all its mistakes.
    pub(crate) fn load(&self) -> Result<Pipeline, Vec<Mistake>> {
        self.reading(&|name| std::env::var(name).ok()).load()
    }

    /// All mistakes. What depends on a variable that is set only elsewhere cannot be judged here.
    pub(crate) fn mistakes(&self, environment: Environment) -> Vec<Mistake> {
        let mut mistakes = self.reading(&|name| environment.variable(name)).load().err().unwrap_or_default();
        if environment == Environment::Elsewhere {
            mistakes.retain(|mistake| {
                let written = self.texts.all().get(mistake.span.start..mistake.span.end).unwrap_or_default();
                !written.contains("${env:")
            });
        }
        mistakes
    }

    /// The pipeline as far as its form goes; `None` where that is wrong.
    pub(crate) fn parse(&self, environment: Environment) -> Option<Pipeline> {
        self.reading(&|name| environment.variable(name)).parse().ok()
    }

    /// Mistakes as a person reads them: place, sentence, the line with carets, the suggestion.
    pub(crate) fn show(&self, mistakes: &[Mistake]) -> String {
        self.texts.render(mistakes, &|part, text| output::styled(style_of(part), text))
    }

    /// The pipeline's webhooks, for commands that open them.
    pub(crate) fn webhooks_or_say(&self, pipeline: &Pipeline) -> Result<Vec<OpenWebhook>, String> {
        webhooks(pipeline).map_err(|mistakes| {
            format!("{}: webhooks cannot be opened:\n\n{}", self.said(), self.show(&mistakes))
        })
    }

    /// The pipeline, for commands that stop at a mistake.
    pub(crate) fn load_or_say(&self) -> Result<Pipeline, String> {
        self.load().map_err(|mistakes| {
            let many = if mistakes.len() == 1 { "a mistake" } else { "mistakes" };
            format!("{} has {many}:\n\n{}", self.said(), self.show(&mistakes))
        })
    }
}

fn style_of(part: Part) -> Style {
    match part {
        Part::Place | Part::Sentence => output::STRONG,
        Part::Margin | Part::Rule => output::FAINT,
        Part::Source => Style::new(),
        Part::Caret => output::BAD,
        Part::Suggestion => output::GOOD,
    }
}

/// The simulated org that a pipeline asks for, and its speed where the file says one.
pub(crate) fn org_of(pipeline: &Pipeline, place: &Place) -> Option<(OrgConfig, Option<f64>)> {
    let genesys = pipeline.genesys.as_ref()?;
    let GenesysSource::Simulate { seed, agents, speed, load, trouble: said } = &genesys.source else {
        return None;
    };
    let org = OrgConfig {
        seed: *seed,
        agents: usize::try_from(*agents).unwrap_or(usize::MAX),
        queues: genesys.queues.iter().map(|name| name.value.clone()).collect(),
        account: place.account.clone(),
        region: place.region.clone(),
        load: match load {
            Load::Flat => LoadCurve::Flat,
            Load::Day => LoadCurve::Day,
        },
        trouble: trouble::of_file(said),
        ..OrgConfig::default()
    };
    Some((org, *speed))
}

/// Where the tests of a pipeline file run.
pub(crate) fn test_place() -> Place {
    Place {
        region: "us-east-1".to_owned(),
        account: "000000000000".to_owned(),
        endpoint: "http://localhost:4566".to_owned(),
    }
}

/// The org whose queue ids stand in a pipeline's tests: the simulated one, or for a real org one with queues of the same names.
pub(crate) fn org_of_tests(pipeline: &Pipeline) -> Option<OrgConfig> {
    let genesys = pipeline.genesys.as_ref()?;
    let queues = genesys.queues.iter().map(|name| name.value.clone()).collect();
    Some(match org_of(pipeline, &test_place()) {
        Some((org, _)) => org,
        None => OrgConfig { queues, ..OrgConfig::default() },
    })
}

/// The webhooks of a pipeline, as the server opens them.
///
/// # Errors
/// All that cannot be opened, as mistakes of the file.
fn webhooks(pipeline: &Pipeline) -> Result<Vec<OpenWebhook>, Vec<Mistake>> {
    let Some(bus) = BusName::parse(&pipeline.bus.value) else {
        return Err(vec![Mistake::new(
            kind::UNUSABLE_WEBHOOK,
            pipeline.bus.span,
            "this is not the name of an event bus",
        )]);
    };
    let mut mistakes = Vec::new();
    let mut open = Vec::new();
    for noun in &pipeline.webhooks {
        let name = noun.name.value.clone();
        let source =
            noun.source.as_ref().map_or_else(|| format!("webhook.{name}"), |source| source.value.clone());
        match verification(noun) {
            Ok(verification) => {
                let webhook = Webhook { name, source, verification };
                open.push(OpenWebhook { webhook, bus: bus.clone() });
            }
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() { Ok(open) } else { Err(mistakes) }
}

fn verification(noun: &WebhookNoun) -> Result<Option<Verification>, Mistake> {
    let (Some(verify), Some(secret)) = (noun.verify, &noun.secret) else { return Ok(None) };
    let header = |default: &str| {
        noun.header.as_ref().map_or_else(|| default.to_owned(), |header| header.value.to_ascii_lowercase())
    };
    let (secret, span) = (secret.value.clone(), secret.span);
    Ok(Some(match verify {
        Verify::Hmac => Verification::Hmac { secret, header: header(verification::HMAC_HEADER) },
        Verify::Secret => Verification::Secret { secret, header: header(verification::SECRET_HEADER) },
        Verify::StandardWebhooks => {
            let key = StandardKey::parse(&secret)
                .map_err(|sentence| Mistake::new(kind::UNUSABLE_WEBHOOK, span, sentence))?;
            Verification::StandardWebhooks(key)
        }
    }))
}

/// What the name of a wrap-up code begins with where ids are asked for by name.
pub(crate) const WRAP_UP: &str = "wrapUp:";

/// The id that a queue of the simulated org has, by its name, or a wrap-up code by `wrapUp:NAME`.
pub(crate) fn queue_id(org: &OrgConfig, name: &str) -> Option<String> {
    let simulated = Org::new(org.seed, &org.queues, org.agents);
    if let Some(name) = name.strip_prefix(WRAP_UP) {
        let code = simulated.wrap_up_codes().iter().find(|code| code.name == name)?;
        return Some(code.id.to_string());
    }
    simulated.queue(name).map(|queue| queue.id.to_string())
}

/// The names of the org's wrap-up codes, by the ids that events carry.
pub(crate) fn wrap_ups(org: &OrgConfig) -> HashMap<String, String> {
    let simulated = Org::new(org.seed, &org.queues, org.agents);
    simulated.wrap_up_codes().iter().map(|code| (code.id.to_string(), code.name.clone())).collect()
}
