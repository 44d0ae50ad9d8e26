//! `trunkline export`: a pipeline file as a template of AWS's.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use provision::cloudformation::{self, RESOURCES_MAX, TEMPLATE_BYTES_MAX};

use crate::output;
use crate::pipeline_file::FileArguments;

/// Arguments of `trunkline export`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: FileArguments,
    /// What to write
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Cloudformation)]
    format: Format,
    /// Write no line breaks and no indentation
    #[arg(long)]
    minify: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// An AWS CloudFormation template in JSON
    Cloudformation,
    /// An AWS SAM template in JSON: `sam deploy` packs and uploads the code of functions
    Sam,
    /// Terraform's configuration in JSON syntax, for a file whose name ends in .tf.json
    Terraform,
}

/// Writes the template to standard output, and what is not in it to standard error.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let file = arguments.file.read()?;
    let pipeline = file.load_or_say()?;
    let made =
        cloudformation::export(file.texts().main(), &pipeline).map_err(|mistakes| file.show(&mistakes))?;
    let made = match arguments.format {
        Format::Cloudformation => made,
        Format::Sam => made.into_sam(),
        Format::Terraform => {
            for note in made.notes.iter().filter(|note| !note.contains("upload it as a zip")) {
                output::note(note);
            }
            output::raw(made.terraform());
            return Ok(ExitCode::SUCCESS);
        }
    };
    for note in &made.notes {
        output::note(note);
    }
    if file.texts().has_several() || file.profile().is_some() {
        output::note(
            "Metadata carries the sections of the file itself as they are written there, without those of included files and without the \
             profile's changes; resources are made of all of them",
        );
    }
    let minified = made.minified();
    if minified.len() > TEMPLATE_BYTES_MAX {
        output::note(&format!(
            "the template has {} bytes without line breaks; more than {TEMPLATE_BYTES_MAX} must be uploaded to S3 first, for example with \
             `aws cloudformation deploy --s3-bucket`",
            minified.len()
        ));
    }
    if made.resources() > RESOURCES_MAX {
        return Err(format!(
            "the template has {} resources; a stack has at most {RESOURCES_MAX}: split the file",
            made.resources()
        ));
    }
    if arguments.minify {
        output::line(minified)
    } else {
        output::raw(made.pretty())
    }
    Ok(ExitCode::SUCCESS)
}
