//! Options of chores: each a word and its value, and words that stand alone.

use std::path::PathBuf;

use crate::machine::Outcome;

/// An option's value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'a> {
    option: &'a str,
    text: &'a str,
}

impl Value<'_> {
    /// A number above zero.
    ///
    /// # Errors
    /// Which option it is that has none.
    pub(crate) fn number<N: TryFrom<u64>>(self) -> Outcome<N> {
        let number = self.text.parse::<u64>().ok().filter(|&number| number > 0);
        let number = number.and_then(|number| N::try_from(number).ok());
        number.ok_or_else(|| format!("{} {}: a number > 0", self.option, self.text))
    }

    /// The text as it stands.
    pub(crate) fn text(self) -> String {
        self.text.to_owned()
    }

    /// A path.
    pub(crate) fn path(self) -> PathBuf {
        PathBuf::from(self.text)
    }
}

/// Reads all arguments: `take` is handed each option with its value, an empty one where the option is among `alone`, and says
/// whether it knows the option.
///
/// # Errors
/// Which argument is wrong, and the usage.
pub(crate) fn read(
    args: &[String],
    alone: &[&str],
    usage: &str,
    mut take: impl FnMut(&str, Value<'_>) -> Outcome<bool>,
) -> Outcome<()> {
    let mut args = args.iter();
    while let Some(option) = args.next() {
        let text = if alone.contains(&option.as_str()) {
            ""
        } else {
            args.next().ok_or_else(|| format!("{option} is no option or needs a value\n{usage}"))?
        };
        if !take(option, Value { option, text })? {
            return Err(format!("`{option}` is no option\n{usage}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn what_is_wrong_is_named() {
        let asked = |words: &[&str]| {
            let args: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            let (mut number, mut json) = (0_u64, false);
            read(&args, &["--json"], "usage", |option, value| {
                match option {
                    "--number" => number = value.number()?,
                    "--json" => json = true,
                    _ => return Ok(false),
                }
                Ok(true)
            })
            .map(|()| (number, json))
        };
        assert_eq!(asked(&["--json", "--number", "7"]), Ok((7, true)));
        assert_eq!(asked(&[]), Ok((0, false)));
        assert_eq!(asked(&["--number", "0"]), Err("--number 0: a number > 0".to_owned()));
        assert_eq!(asked(&["--number"]), Err("--number is no option or needs a value\nusage".to_owned()));
        assert_eq!(asked(&["--other", "7"]), Err("`--other` is no option\nusage".to_owned()));
    }
}
