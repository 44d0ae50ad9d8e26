//! How long the conversation tracker waits, as the pipeline file says.

use genesys::tracker::grace::{Grace, MediaGrace};
use provision::Pipeline;

/// The waits of a pipeline; what it does not say stays as it is.
pub(crate) fn grace_of(pipeline: &Pipeline) -> Grace {
    let mut grace = Grace::default();
    let said = pipeline.genesys.iter().flat_map(|genesys| &genesys.grace);
    // `default` comes first: what it says goes for every medium that the file does not name.
    for (media, said) in said {
        let before = if *media == "default" { grace.default } else { grace.of(media) };
        let ms = |seconds: Option<u64>, before: u64| seconds.map_or(before, |seconds| seconds * 1_000);
        let after = MediaGrace {
            wrap_up_ms: ms(said.wrap_up_s, before.wrap_up_ms),
            max_age_ms: ms(said.max_age_s, before.max_age_ms),
        };
        if *media == "default" {
            grace.default = after;
            for of_media in grace.by_media.values_mut() {
                of_media.wrap_up_ms = ms(said.wrap_up_s, of_media.wrap_up_ms);
                of_media.max_age_ms = ms(said.max_age_s, of_media.max_age_ms);
            }
        } else {
            grace.by_media.insert((*media).to_owned(), after);
        }
    }
    grace
}

#[cfg(test)]
mod tests {
    use super::grace_of;

    #[test]
    fn waits_of_the_file_go_over_those_of_the_tracker() {
        let text = "version: 1\ngenesys:\n  source: simulate\n  queues: [Q]\n  grace:\n    default: { wrapUp: 2m }\n    \
                    email: { maxAge: 60d }\n    voice: { wrapUp: 30s }\n";
        let grace = grace_of(&provision::parse(text, &|_| None).unwrap());
        let waits =
            |media: &str| (grace.of(media).wrap_up_ms / 1_000, grace.of(media).max_age_ms / 86_400_000);
        assert_eq!(waits("voice"), (30, 1));
        assert_eq!(waits("chat"), (120, 1));
        assert_eq!(waits("message"), (120, 30));
        assert_eq!(waits("EMAIL"), (120, 60));
    }
}
