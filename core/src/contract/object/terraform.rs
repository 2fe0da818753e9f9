//! Objects in Terraform's language, for those who have it make what a stack needs.
//!
//! Source: Terraform's documentation, "Syntax: strings and templates", "Resource blocks", "Data sources".

use std::fmt;

use serde_json::Value;

use crate::contract::object::id::ObjectId;
use crate::digest::digest;

/// A block of a Terraform configuration: what makes an object, or what looks one up that is somebody else's.
#[derive(Debug, Clone, PartialEq)]
pub struct TerraformBlock {
    /// Whether it makes an object (`resource`), looks one up (`data`) or says something to Terraform itself (`terraform`).
    pub purpose: TerraformPurpose,
    /// The type, as the provider calls it: `aws_iam_role`.
    pub kind: &'static str,
    /// The name that other blocks call it by.
    pub label: String,
    /// What is said of it, in order.
    pub arguments: Vec<(&'static str, TerraformValue)>,
}

/// What blocks call a guard.
const GUARD: &str = "cloudgrant";

/// What a block is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TerraformPurpose {
    /// What Terraform itself is told: a configuration has one such block, and so it is in a file of its own.
    Settings,
    /// Something that is there, and that nobody here makes.
    Data,
    /// Something that Terraform makes, changes and deletes.
    Resource,
}

/// The value of an argument.
#[derive(Debug, Clone, PartialEq)]
pub enum TerraformValue {
    /// A text, just as it is: what is special to Terraform in it is written so that it isn't.
    Text(String),
    /// An attribute of another block: `aws_iam_role.NAME.arn`.
    Reference(String),
    /// Other blocks: `[data.aws_caller_identity.NAME]`.
    References(Vec<String>),
    /// A JSON document, as a text (`jsonencode`).
    Document(Value),
    /// Texts.
    List(Vec<String>),
    /// Texts by their keys.
    Map(Vec<(String, String)>),
    /// Texts by names of the language.
    Named(Vec<(&'static str, &'static str)>),
    /// A block within the block.
    Block(Vec<(&'static str, TerraformValue)>),
}

impl TerraformBlock {
    /// A block that makes an object.
    pub fn resource(kind: &'static str, id: &ObjectId, arguments: Vec<(&'static str, TerraformValue)>) -> Self {
        Self { purpose: TerraformPurpose::Resource, kind, label: Self::label(&id.name), arguments }
    }

    /// A block that looks something up by its name.
    pub fn data(kind: &'static str, name: &str, arguments: Vec<(&'static str, TerraformValue)>) -> Self {
        Self { purpose: TerraformPurpose::Data, kind, label: Self::label(name), arguments }
    }

    /// The block that says with which versions of Terraform's provider `name` a configuration works: `source` is where that is from, and
    /// `version` a constraint.
    ///
    /// Source: Terraform's documentation, "Provider requirements", "Version constraints".
    pub fn required_provider(name: &'static str, source: &'static str, version: &'static str) -> Self {
        let provider = TerraformValue::Named(vec![("source", source), ("version", version)]);
        let required = TerraformValue::Block(vec![(name, provider)]);
        let arguments = vec![("required_providers", required)];
        Self { purpose: TerraformPurpose::Settings, kind: "terraform", label: name.to_owned(), arguments }
    }

    /// A block that looks up as whom Terraform works, and stops it where that isn't meant: `attribute` of what is looked up must be
    /// `wanted`. What a configuration makes, it otherwise makes wherever the credentials lead.
    ///
    /// Source: Terraform's documentation, "Custom conditions", preconditions and postconditions.
    pub fn guard(kind: &'static str, (attribute, wanted): (&str, &str), what: &str) -> Self {
        let condition = TerraformValue::Reference(format!("self.{attribute} == {}", text(wanted)));
        let message = TerraformValue::Text(format!("This configuration is for {what}."));
        let postcondition = TerraformValue::Block(vec![("condition", condition), ("error_message", message)]);
        Self::data(kind, GUARD, vec![("lifecycle", TerraformValue::Block(vec![("postcondition", postcondition)]))])
    }

    /// Blocks with a [guard](Self::guard) before them. Whatever they make needs it, and all guards among them, so that Terraform looks at
    /// these also where it is told to make only some of it.
    ///
    /// Source: Terraform's documentation, "Resource targeting", "The depends_on meta-argument".
    #[must_use]
    pub fn behind(guard: Self, mut blocks: Vec<Self>) -> Vec<Self> {
        let is_guard = |block: &&Self| block.purpose == TerraformPurpose::Data && block.label == GUARD;
        let guards: Vec<_> = std::iter::once(&guard)
            .chain(blocks.iter().filter(is_guard))
            .map(|block| format!("data.{}.{}", block.kind, block.label))
            .collect();
        for block in blocks.iter_mut().filter(|block| block.purpose == TerraformPurpose::Resource) {
            block.arguments.push(("depends_on", TerraformValue::References(guards.clone())));
        }
        blocks.insert(0, guard);
        blocks
    }

    /// What blocks call something of this name: letters, digits, `_` and `-`, the first no digit. Names that differ have labels
    /// that differ.
    pub fn label(name: &str) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
        let begins_well = plain.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        match (begins_well, plain == name) {
            (true, true) => plain,
            (true, false) => format!("{plain}_{}", digest(name)),
            (false, _) => format!("_{plain}_{}", digest(name)),
        }
    }

    /// How other blocks call one of its attributes.
    pub fn attribute(&self, name: &str) -> TerraformValue {
        let Self { purpose, kind, label, .. } = self;
        TerraformValue::Reference(match purpose {
            TerraformPurpose::Resource => format!("{kind}.{label}.{name}"),
            TerraformPurpose::Data => format!("data.{kind}.{label}.{name}"),
            TerraformPurpose::Settings => format!("{kind}.{name}"),
        })
    }

    /// The same of the block that makes an object of this kind and name.
    pub fn attribute_of(kind: &str, name: &str, attribute: &str) -> TerraformValue {
        TerraformValue::Reference(format!("{kind}.{}.{attribute}", Self::label(name)))
    }
}

impl fmt::Display for TerraformBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.purpose {
            TerraformPurpose::Resource => writeln!(f, "resource {} {} {{", text(self.kind), text(&self.label))?,
            TerraformPurpose::Data => writeln!(f, "data {} {} {{", text(self.kind), text(&self.label))?,
            TerraformPurpose::Settings => writeln!(f, "{} {{", self.kind)?,
        }
        write_arguments(f, &self.arguments, 1)?;
        writeln!(f, "}}")
    }
}

/// Arguments as `terraform fmt` has them: the signs of those that follow each other in one line each stand below each other.
fn write_arguments(
    f: &mut fmt::Formatter<'_>,
    arguments: &[(&'static str, TerraformValue)],
    depth: usize,
) -> fmt::Result {
    let indent = "  ".repeat(depth);
    let written = arguments.iter().map(|(name, value)| Item {
        name: (*name).to_owned(),
        value: match value {
            TerraformValue::Block(_) => None,
            TerraformValue::Text(value) => Some(text(value)),
            TerraformValue::Reference(value) => Some(value.clone()),
            TerraformValue::References(values) => Some(listed(values, depth)),
            TerraformValue::Document(value) => Some(format!("jsonencode({})", expression(value, depth))),
            TerraformValue::List(values) => {
                Some(listed(&values.iter().map(|value| text(value)).collect::<Vec<_>>(), depth))
            }
            TerraformValue::Map(values) => {
                let items = values.iter().map(|(key, value)| Item { name: text(key), value: Some(text(value)) });
                Some(object(items.collect(), depth))
            }
            TerraformValue::Named(values) => {
                let items =
                    values.iter().map(|(name, value)| Item { name: (*name).to_owned(), value: Some(text(value)) });
                Some(object(items.collect(), depth))
            }
        },
    });
    let written: Vec<_> = written.collect();
    for (at, (name, value)) in arguments.iter().enumerate() {
        match value {
            TerraformValue::Block(within) => {
                writeln!(f, "{indent}{name} {{")?;
                write_arguments(f, within, depth + 1)?;
                writeln!(f, "{indent}}}")?;
            }
            _ => writeln!(f, "{indent}{}", aligned(&written, at))?,
        }
    }
    Ok(())
}

/// A name and its expression; a block has none.
struct Item {
    name: String,
    value: Option<String>,
}

impl Item {
    fn is_one_line(&self) -> bool {
        self.value.as_ref().is_some_and(|value| !value.contains('\n'))
    }
}

/// One of several items, with its sign below those beside it.
fn aligned(items: &[Item], at: usize) -> String {
    let Item { name, value } = &items[at];
    let width = |item: &Item| item.name.chars().count();
    let longest = match items[at].is_one_line() {
        true => {
            let before = items[..at].iter().rev().take_while(|item| item.is_one_line());
            let after = items[at..].iter().take_while(|item| item.is_one_line());
            before.chain(after).map(width).max().unwrap_or_default()
        }
        false => 0,
    };
    format!("{name:longest$} = {}", value.as_deref().unwrap_or_default())
}

/// A JSON value as an expression, whose first line begins at that depth.
fn expression(value: &Value, depth: usize) -> String {
    match value {
        Value::Object(fields) => {
            let item = |(key, value): (&String, &Value)| Item {
                name: self::key(key),
                value: Some(expression(value, depth + 1)),
            };
            object(fields.iter().map(item).collect(), depth)
        }
        Value::Array(values) => {
            listed(&values.iter().map(|value| expression(value, depth + 1)).collect::<Vec<_>>(), depth)
        }
        scalar => literal(&scalar.to_string()),
    }
}

fn object(items: Vec<Item>, depth: usize) -> String {
    if items.is_empty() {
        return "{}".to_owned();
    }
    let (indent, end) = ("  ".repeat(depth + 1), "  ".repeat(depth));
    let lines: String = (0..items.len()).map(|at| format!("{indent}{}\n", aligned(&items, at))).collect();
    format!("{{\n{lines}{end}}}")
}

/// A list: in one line where it is short.
fn listed(values: &[String], depth: usize) -> String {
    let line = format!("[{}]", values.join(", "));
    if values.len() < 2 && !line.contains('\n') || line.chars().count() < 80 && !line.contains('\n') {
        return line;
    }
    let (indent, end) = ("  ".repeat(depth + 1), "  ".repeat(depth));
    let lines: String = values.iter().map(|value| format!("{indent}{value},\n")).collect();
    format!("[\n{lines}{end}]")
}

/// The key of an object: in quotes where it is more than a name, or a word of the language.
fn key(name: &str) -> String {
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name != "for";
    if is_name { name.to_owned() } else { text(name) }
}

/// A text in quotes. JSON's escapes are among Terraform's, and templates begin with `${` and `%{`.
fn text(value: &str) -> String {
    literal(&Value::from(value).to_string())
}

fn literal(json: &str) -> String {
    json.replace("${", "$${").replace("%{", "%%{")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_texts_whatever_is_in_them() {
        for (value, written) in [
            ("plain", r#""plain""#),
            ("${aws:username}", r#""$${aws:username}""#),
            ("%{ if x }", r#""%%{ if x }""#),
            ("a \"b\" \\ c\nd", r#""a \"b\" \\ c\nd""#),
        ] {
            assert_eq!(text(value), written);
        }
    }

    #[test]
    fn names_that_differ_have_labels_that_differ() {
        assert_eq!(TerraformBlock::label("cloudgrant_acme_global"), "cloudgrant_acme_global");
        let odd = ["a.b", "a_b", "a b", "1a", "_1a", "é", ""].map(TerraformBlock::label);
        for (at, label) in odd.iter().enumerate() {
            assert!(label.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'), "{label}");
            assert!(!odd[..at].contains(label), "{label}");
        }
    }

    /// With `-target`, Terraform looks at nothing but what that needs.
    #[test]
    fn whatever_is_made_needs_every_guard() {
        let role = TerraformBlock::resource("aws_iam_role", &ObjectId::new("iam-role", "r"), Vec::new());
        let known = TerraformBlock::data("aws_iam_policy", "p", Vec::new());
        let region = TerraformBlock::guard("aws_region", ("id", "eu-west-1"), "region eu-west-1");
        let account = TerraformBlock::guard("aws_caller_identity", ("account_id", "1"), "account 1");
        let blocks = TerraformBlock::behind(account.clone(), vec![region.clone(), role, known.clone()]);
        assert_eq!([&blocks[0], &blocks[1], &blocks[3]], [&account, &region, &known]);
        let role = blocks[2].to_string();
        let line = "  depends_on = [data.aws_caller_identity.cloudgrant, data.aws_region.cloudgrant]\n";
        assert!(role.contains(line), "{role}");
    }

    #[test]
    fn what_terraform_itself_is_told_has_no_labels() {
        let block = TerraformBlock::required_provider("aws", "hashicorp/aws", ">= 5.29.0, < 7.0.0");
        let lines = [
            "terraform {",
            "  required_providers {",
            "    aws = {",
            "      source  = \"hashicorp/aws\"",
            "      version = \">= 5.29.0, < 7.0.0\"",
            "    }",
            "  }",
            "}",
        ];
        assert_eq!(block.to_string(), lines.map(|line| format!("{line}\n")).concat());
    }

    #[test]
    fn a_block_is_written_as_terraform_has_it() {
        let id = ObjectId::new("iam-policy", "p.1");
        let policy = TerraformBlock::resource(
            "aws_iam_policy",
            &id,
            vec![
                ("name", TerraformValue::Text("p.1".to_owned())),
                ("path", TerraformValue::Text("/".to_owned())),
                (
                    "tags",
                    TerraformValue::Map(
                        [("a:b", "c"), ("longer", "d")].map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec(),
                    ),
                ),
                (
                    "policy",
                    TerraformValue::Document(
                        json!({ "Version": "2012-10-17", "Statement": [{ "a:b": ["${x}"], "Sid": "S" }] }),
                    ),
                ),
            ],
        );
        let label = TerraformBlock::label("p.1");
        let lines = [
            &format!("resource \"aws_iam_policy\" \"{label}\" {{"),
            "  name = \"p.1\"",
            "  path = \"/\"",
            "  tags = {",
            "    \"a:b\"    = \"c\"",
            "    \"longer\" = \"d\"",
            "  }",
            "  policy = jsonencode({",
            "    Version = \"2012-10-17\"",
            "    Statement = [",
            "      {",
            "        \"a:b\" = [\"$${x}\"]",
            "        Sid   = \"S\"",
            "      },",
            "    ]",
            "  })",
            "}",
        ];
        let expected: String = lines.map(|line| format!("{line}\n")).concat();
        assert_eq!(policy.to_string(), expected);
        let reference = TerraformValue::Reference(format!("aws_iam_policy.{label}.arn"));
        assert_eq!(policy.attribute("arn"), reference);
        assert_eq!(TerraformBlock::attribute_of("aws_iam_policy", "p.1", "arn"), reference);
    }
}
