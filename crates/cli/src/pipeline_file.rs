//! The pipeline file as commands take it: read, checked, and its mistakes shown.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anstyle::Style;
use events::BusName;
use genesys::webhook::Webhook;
use genesys::webhook::verification::{self, StandardKey, Verification};
use genesys_org::simulator::{Config as OrgConfig, LoadCurve, Org};
use provision::mistake::Part;
use provision::noun::genesys::{Load, Source as GenesysSource};
use provision::noun::webhook::{Verify, Webhook as WebhookNoun};
use provision::{Mistake, Pipeline, Place, Source};
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

/// A pipeline file and its text.
#[derive(Debug)]
pub(crate) struct PipelineFile {
    name: PathBuf,
    text: String,
}

impl PipelineFile {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        Ok(Self { name: path.to_path_buf(), text: provision::input::read(path)? })
    }

    /// A file whose text has been read.
    pub(crate) fn of_text(path: &Path, text: String) -> Self {
        Self { name: path.to_path_buf(), text }
    }

    /// The sample, for whoever names no file.
    pub(crate) fn sample() -> Self {
        Self { name: PathBuf::from("the sample pipeline"), text: provision::sample().to_owned() }
    }

    /// The folder that it stands in.
    pub(crate) fn folder(&self) -> Option<&Path> {
        let folder = self.name.parent()?;
        Some(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
    }

    /// What stands in it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The pipeline, or all its mistakes as text.
    pub(crate) fn load(&self) -> Result<Pipeline, Vec<Mistake>> {
        provision::load_in(self.folder(), &self.text, &|name| std::env::var(name).ok())
    }

    /// All mistakes. What depends on a variable that is set only elsewhere cannot be judged here.
    pub(crate) fn mistakes(&self, environment: Environment) -> Vec<Mistake> {
        let mut mistakes = provision::load_in(self.folder(), &self.text, &|name| environment.variable(name))
            .err()
            .unwrap_or_default();
        if environment == Environment::Elsewhere {
            mistakes.retain(|mistake| {
                let written = self.text.get(mistake.span.start..mistake.span.end).unwrap_or_default();
                !written.contains("${env:")
            });
        }
        mistakes
    }

    /// The pipeline as far as its form goes; `None` where that is wrong.
    pub(crate) fn parse(&self, environment: Environment) -> Option<Pipeline> {
        let parsed = provision::parse(&self.text, &|name| environment.variable(name)).ok()?;
        Some(Pipeline { folder: self.folder().map(Path::to_path_buf), ..parsed })
    }

    /// Mistakes as a person reads them: place, sentence, the line with carets, the suggestion.
    pub(crate) fn show(&self, mistakes: &[Mistake]) -> String {
        let name = self.name.display().to_string();
        Source { name: &name, text: &self.text }
            .render(mistakes, &|part, text| output::styled(style_of(part), text))
    }

    /// The pipeline's webhooks, for commands that open them.
    pub(crate) fn webhooks_or_say(&self, pipeline: &Pipeline) -> Result<Vec<OpenWebhook>, String> {
        webhooks(pipeline).map_err(|mistakes| {
            format!("{}: webhooks cannot be opened:\n\n{}", self.name.display(), self.show(&mistakes))
        })
    }

    /// The pipeline, for commands that stop at a mistake.
    pub(crate) fn load_or_say(&self) -> Result<Pipeline, String> {
        self.load().map_err(|mistakes| {
            let many = if mistakes.len() == 1 { "a mistake" } else { "mistakes" };
            format!("{} has {many}:\n\n{}", self.name.display(), self.show(&mistakes))
        })
    }
}

fn style_of(part: Part) -> Style {
    match part {
        Part::Place | Part::Sentence => output::STRONG,
        Part::Margin => output::FAINT,
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
        return Err(vec![Mistake::new(pipeline.bus.span, "this is not the name of an event bus")]);
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
            let key = StandardKey::parse(&secret).map_err(|sentence| Mistake::new(span, sentence))?;
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
