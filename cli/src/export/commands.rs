//! The cloud's objects as commands of its own tool.

use std::collections::{BTreeSet, HashMap};

use cloudgrant_core::{DeliveryFile, Desired, Object, ObjectId, Session, quoted};

/// Where in the folder they are.
pub(crate) const PATH: &str = "commands/cloudgrant.sh";

/// The file: the commands that make each object, after those of the objects that it needs.
pub(crate) fn file(session: &Session, desired: &Desired) -> DeliveryFile {
    let by_id = desired.objects.iter().map(|object| (&object.id, object)).collect();
    let mut script = Script {
        session,
        by_id,
        seen: BTreeSet::new(),
        made: String::new(),
        merged: String::new(),
        unmade: Vec::new(),
    };
    for object in &desired.objects {
        script.object(object);
    }
    let mut content = "\nset -eu\n".to_owned();
    if let Some(line) = session.provider().place_guard() {
        content.push_str(&format!("\n{line}\n"));
    }
    content.push_str(&script.made);
    if !script.merged.is_empty() {
        content.push_str(
            "\n# By hand: a document that others write too is read, the statement merged into it, and the whole written back.\n",
        );
        content.push_str(&script.merged);
    }
    if !script.unmade.is_empty() {
        content.push_str("\n# Whoever runs this hears what it did not make.\n");
        for id in &script.unmade {
            let told = format!("not made here, as there is no command for it: {id}");
            content.push_str(&format!("echo {} >&2\n", quoted(&told)));
        }
        content.push_str("echo 'run `cloudgrant apply` for the rest' >&2\nexit 1\n");
    }
    DeliveryFile {
        path: PATH.to_owned(),
        purpose:
            "The cloud's objects as commands of its own tool, in place of `cloudgrant apply`: run it with `bash`, once."
                .to_owned(),
        content,
    }
}

struct Script<'a> {
    session: &'a Session,
    by_id: HashMap<&'a ObjectId, &'a Object>,
    seen: BTreeSet<&'a ObjectId>,
    /// What a shell runs.
    made: String,
    /// What needs a person between its commands.
    merged: String,
    /// What no command of the tool's makes.
    unmade: Vec<&'a ObjectId>,
}

impl<'a> Script<'a> {
    fn object(&mut self, object: &'a Object) {
        // One object may be there once for each of its scopes, and a circle has no beginning.
        if !self.seen.insert(&object.id) {
            return;
        }
        for needed in &object.depends_on {
            if let Some(needed) = self.by_id.get(needed).copied() {
                self.object(needed);
            }
        }
        let commands = match &object.handoff {
            Some(_) => Vec::new(),
            None => self.session.equivalent(object),
        };
        let is_merged = commands.iter().any(|command| command.starts_with('#'));
        let part = if is_merged { &mut self.merged } else { &mut self.made };
        part.push_str(&format!("\n{}", comment(&object.id.to_string())));
        for command in &commands {
            match is_merged {
                true => part.push_str(&comment(command.trim_start_matches("# "))),
                false => part.push_str(&format!("{command}\n")),
            }
        }
        match &object.handoff {
            Some(handoff) => part.push_str(&comment(&format!("To be done by {}: see `cloudgrant plan`.", handoff.to))),
            None if commands.is_empty() => {
                part.push_str(&comment("There is no command for it: `cloudgrant apply` makes it."));
                self.unmade.push(&object.id);
            }
            None => {}
        }
    }
}

/// Text that a shell passes over, whatever is in it.
fn comment(text: &str) -> String {
    text.split(['\n', '\r']).map(|line| format!("# {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_a_comment() {
        assert_eq!(comment("a role\nrm -r *\r\nb"), "# a role\n# rm -r *\n# \n# b\n");
    }
}
