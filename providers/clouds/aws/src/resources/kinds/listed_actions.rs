//! Which actions a manifest may list for an ARN of a service that nobody here knows, told by the form of their names: whole names of the
//! ARN's own service, or of one whose actions are on its ARNs, that begin with a verb of using what is there, in AWS's own spelling, and have no word of sharing, of credentials
//! or of acting as somebody else. IAM itself takes an action in any case.

mod words;

use self::words::{
    BY_NAME, DELETES, DELETES_MORE, LISTED, NEVER, NEVER_WITHIN, ON_ARNS_OF, SEEN_WITHIN, SETS_UP, SHOWS, USES, VERBS,
    WRITES,
};

/// Why an action can't be listed for an ARN of a service, as the end of a sentence that begins with it, and what to do; `None` where it
/// can.
pub(crate) fn refused(action: &str, service: &str) -> Option<(String, String)> {
    let own = format!("list whole actions of the ARN's service, such as {}", forms(service));
    if action.contains(['*', '?', '$']) {
        let why = "has a wildcard, which would also match actions that aren't listed, among them future ones and ones that share access";
        return Some((why.to_owned(), own));
    }
    let letters = |name: &str| {
        name.chars().next().is_some_and(|c| c.is_ascii_alphabetic()) && name.chars().all(|c| c.is_ascii_alphanumeric())
    };
    let Some((of, name)) = action.split_once(':').filter(|(_, name)| letters(name)) else {
        return Some(("is no action".to_owned(), own));
    };
    if of != service && !ON_ARNS_OF.contains(&(service, of)) {
        return Some((format!("is no action of {service}, whose resource this is"), own));
    }
    if USES.contains(&(of, name)) {
        return None;
    }
    let by_name = |it: &&(&str, &str, &str)| it.0 == of && it.1.eq_ignore_ascii_case(name);
    let named = || BY_NAME.iter().find(by_name).map(|it| it.2);
    let words = words(name);
    let verb = verb_of(&words).filter(|verb| VERBS.contains(verb));
    let (reading, runs, shows) = SHOWS;
    let reads = verb.is_some_and(|verb| reading.contains(&verb));
    let never = named().or_else(|| never(name, &words).map(|why| if reads && why == runs { shows } else { why }));
    if never.is_none() && verb.is_none() {
        let why = format!(
            "isn't an allowed data-access action; it must begin with one of (case-sensitive): {}; or with Batch and one of them",
            VERBS.join(", ")
        );
        let hint = "an action that creates, changes or starts something can be passed a role, a script or a password: whoever administers \
                    the resource attaches a policy for that by hand";
        return Some((why, hint.to_owned()));
    }
    let deletes_more = || (verb == Some("Delete") && !DELETES.contains(&(of, name))).then_some(DELETES_MORE);
    let why = never.or_else(deletes_more).or_else(|| administers(name, verb?))?;
    let hint = "leave it out: actions like this are for whoever administers the resource, not for task code";
    Some((why.to_owned(), hint.to_owned()))
}

/// How actions on a service's ARNs are written.
pub(crate) fn forms(service: &str) -> String {
    let others = ON_ARNS_OF.iter().filter(|(arn, _)| *arn == service).map(|(_, of)| format!(" or {of}:ACTION"));
    format!("{service}:ACTION{}", others.collect::<String>())
}

/// What it begins with that says what it does: of several things at once, what stands behind `Batch`.
fn verb_of<'a>(words: &[&'a str]) -> Option<&'a str> {
    match words {
        ["Batch", verb, ..] => Some(verb),
        [verb, ..] => Some(verb),
        [] => None,
    }
}

/// What an action does that no task is to do, whatever verb it begins with.
fn never(name: &str, words: &[&str]) -> Option<&'static str> {
    let folded = name.to_ascii_lowercase();
    // IAM takes a name in any case, so that its words are found within others as well: all but the shortest, which are in very many.
    let is = |never: &&str| {
        let never = never.to_ascii_lowercase();
        let is_word = |word: &&str| {
            let word = word.to_ascii_lowercase();
            word == never || word.strip_suffix('s') == Some(&never)
        };
        words.iter().any(is_word) || never.len() >= SEEN_WITHIN && folded.contains(&never)
    };
    // A list of them starts none.
    let is_listed = |never: &str| matches!(words, ["List", ..]) && LISTED.contains(&never);
    let is = |never: &&str| !is_listed(never) && is(never);
    let within = || NEVER_WITHIN.iter().any(|it| folded.contains(it)).then_some(NEVER[0].1);
    NEVER.iter().find(|(never, _)| never.iter().any(&is)).map(|(_, why)| *why).or_else(within)
}

/// What an action of a verb that uses things otherwise does where it is about what administrators set up.
fn administers(name: &str, verb: &str) -> Option<&'static str> {
    let (words, why) = if WRITES.contains(&verb) { SETS_UP } else { return None };
    let folded = name.to_ascii_lowercase();
    words.iter().any(|word| folded.contains(&word.to_ascii_lowercase())).then_some(why)
}

/// The words of an action's name: `PutBucketPolicy` is `Put`, `Bucket` and `Policy`. Several capitals in a row are one word.
fn words(name: &str) -> Vec<&str> {
    let chars: Vec<char> = name.chars().collect();
    let begins = |at: usize| {
        let (here, before, after) = (chars[at], at.checked_sub(1).map(|at| chars[at]), chars.get(at + 1));
        here.is_ascii_uppercase()
            && before.is_some_and(|before| {
                !before.is_ascii_uppercase() || after.is_some_and(|after| after.is_ascii_lowercase())
            })
    };
    let mut bounds: Vec<_> = (1..chars.len()).filter(|at| begins(*at)).collect();
    bounds.insert(0, 0);
    bounds.push(chars.len());
    bounds.windows(2).filter_map(|pair| name.get(pair[0]..pair[1])).collect()
}

#[cfg(test)]
mod tests;
