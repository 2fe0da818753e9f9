//! Which actions a manifest may list for an ARN of a service that nobody here knows, told by the form of their names: whole names of the
//! ARN's own service that begin with a verb of using what is there, in AWS's own spelling, and have no word of sharing, of credentials
//! or of acting as somebody else. IAM itself takes an action in any case.

mod words;

use self::words::{NEVER, NEVER_WITHIN, SEEN_WITHIN, USES, VERBS};

/// Why an action can't be listed for an ARN of a service, as the end of a sentence that begins with it, and what to do; `None` where it
/// can.
pub(crate) fn refused(action: &str, service: &str) -> Option<(String, String)> {
    let own = format!("list whole actions of the ARN's service, such as {service}:ACTION");
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
    if of != service {
        return Some((format!("is no action of {service}, whose resource this is"), own));
    }
    if USES.contains(&(of, name)) {
        return None;
    }
    let words = words(name);
    let folded = name.to_ascii_lowercase();
    // IAM takes a name in any case, so that its words are found within others as well: all but the shortest, which are in very many.
    let is = |never: &&str| {
        let has = || never.len() >= SEEN_WITHIN && folded.contains(&never.to_ascii_lowercase());
        words.iter().any(|word| never.eq_ignore_ascii_case(word)) || has()
    };
    let is_in = |never: &&(&[&str], &str)| never.0.iter().any(&is);
    let within = || NEVER_WITHIN.iter().any(|it| folded.contains(it)).then_some(&NEVER[0]);
    let never = NEVER.iter().find(is_in).or_else(within);
    if never.is_none() && !words.first().is_some_and(|first| VERBS.contains(first)) {
        let why = format!(
            "isn't an allowed data-access action; it must begin with one of (case-sensitive): {}",
            VERBS.join(", ")
        );
        let hint = "an action that creates, changes or starts something can be passed a role, a script or a password: whoever administers \
                    the resource attaches a policy for that by hand";
        return Some((why, hint.to_owned()));
    }
    let (_, why) = never?;
    let hint = "leave it out: actions like this are for whoever administers the resource, not for task code";
    Some(((*why).to_owned(), hint.to_owned()))
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
