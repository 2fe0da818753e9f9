use super::*;

fn objects(text: &str) -> Objects {
    match Locator::parse(text) {
        Ok(Locator::Objects(objects)) => objects,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn a_prefix_ends_in_a_slash() {
    assert_eq!(objects("s3://acme-training/inputs").prefix, "inputs/");
    assert_eq!(objects("s3://acme-training/inputs/").prefix, "inputs/");
    assert_eq!(objects("arn:aws:s3:::acme-training/a/b/*").prefix, "a/b/");
    assert_eq!(objects("s3://acme-training").prefix, "");
    // All that is in a folder is the folder.
    for all in ["arn:aws:s3:::acme-training/*", "s3://acme-training/*", "s3://acme-training/"] {
        assert_eq!(objects(all).prefix, "", "{all}");
    }
    assert_eq!(objects("s3://acme-training/a/b/*").prefix, "a/b/");
    assert_eq!(objects("s3://acme-training/raw data/").prefix, "raw data/");
}

#[test]
fn what_is_no_locator_is_refused() {
    for (text, said) in [
        ("s3://acme-*", "wildcard"),
        ("s3://acme-training/*/x", "wildcard"),
        ("s3://Acme", "names no bucket"),
        ("s3://ab", "names no bucket"),
        ("s3://acme/${aws:username}", "`$`"),
        ("s3://acme/in\u{ad}puts/", "can't be seen"),
        ("s3://acme/in\u{200b}puts/", "can't be seen"),
        ("s3://acme/in\u{e0041}puts/", "U+E0041 as character 3 of its prefix, which can't be seen"),
        ("s3://acme/in\u{a0}puts/", "U+00A0"),
        ("s3://acme/\u{3000}/", "U+3000"),
        ("s3://acme/../x/", "a part `..`"),
        ("s3://acme/./", "a part `.`"),
        ("arn:aws:s3:::acme/a/../*", "a part `..`"),
        ("s3://acme/a//b", "empty part"),
        ("s3://acme/a//", "empty part"),
        ("arn:aws:s3:::acme/a//*", "empty part"),
        ("s3://acme/in*", "wildcard"),
        ("arn:aws:s3:::acme/in*", "wildcard"),
        ("s3://acme/*/*", "wildcard"),
        ("s3://acme/inputs/ ", "begins or ends with a blank"),
        ("s3://acme/inputs ", "begins or ends with a blank"),
        ("s3://acme/inputs /", "ends with a blank"),
        (" s3://acme/inputs/", "begins or ends with a blank"),
        ("arn:aws:s3:::acme/inputs/* ", "begins or ends with a blank"),
        ("111122223333.dkr.ecr.us-west-2.amazonaws.com/x ", "begins or ends with a blank"),
        ("arn:aws:secretsmanager:us-west-2:111122223333", "not a whole ARN"),
        ("arn:aws:secretsmanager:us-west-2:1111:secret:x", "names no account"),
        ("arn:aws:secretsmanager:west:111122223333:secret:x", "names no region"),
        ("arn:aws:secretsmanager:us-west-2:111122223333:secret:x-AbCdEf:key::", "key/value"),
        ("arn:aws:sqs:us-west-2:111122223333:a/queue", "names no queue"),
        ("arn:aws:iam::111122223333:role/queue", "decides who may do what"),
        ("arn:aws:s3:us-west-2::bucket", "not a bucket's ARN"),
        ("s3://acme-point--usw2-az1--xa-s3/shards/", "access point"),
        ("s3://acme-train--usw2-az1--x-s3/shards/", "directory bucket"),
        ("arn:aws:s3:::acme-train--usw2-az1--x-s3/shards/*", "directory bucket"),
        ("arn:aws:s3express:us-west-2:111122223333:bucket/acme-train--usw2-az1--x-s3", "directory bucket"),
        ("s3://acme-ap-metadata4kyq3fdsx1aw6rncd1d-s3alias/in/", "access point"),
        ("s3://acme-ol-1a4n8yjrb3kda96f67zwrwiiuse1a--ol-s3", "Object Lambda"),
        ("arn:aws:s3:us-west-2:111122223333:accesspoint/acme-ap", "access point"),
        ("arn:aws:s3::111122223333:accesspoint/mfzwi23gnjvgw.mrap", "access point"),
        ("arn:aws:s3-object-lambda:us-west-2:111122223333:accesspoint/x", "Object Lambda"),
        ("s3://mfzwi23gnjvgw.mrap/in/", "Multi-Region Access Point"),
        ("s3://acme-tables--table-s3", "table bucket"),
        ("s3://acme-point-o01ac5d28a6a232904--op-s3", "access point on an Outpost"),
        ("arn:aws:s3tables:us-west-2:111122223333:bucket/acme", "table bucket"),
        ("s3://xn--acme-data", "reserved"),
        ("s3://sthree-acme", "reserved"),
        ("s3://amzn-s3-demo-bucket/in/", "reserved"),
        ("s3://192.168.5.4/in/", "IP address"),
        ("111122223333.dkr.ecr.us-west-2.example.com/x", "not a registry of ECR"),
        ("111122223333.dkr.ecr.us-west-2.amazonaws.com", "names no repository"),
        ("111122223333.dkr.ecr.us-west-2.amazonaws.com/team/x:latest", "names no repository"),
        ("111122223333.dkr.ecr.us-west-2.amazonaws.com/team/../x", "names no repository"),
        ("arn:aws:ecr:us-west-2:111122223333:repository/team//x", "names no repository"),
        ("arn:aws:ecr:us-west-2:111122223333:repository/../x", "names no repository"),
        ("https://acmetraining.blob.core.windows.net/inputs", "no locator that AWS knows"),
        ("", "no locator"),
    ] {
        let refusal = Locator::parse(text).expect_err(text);
        assert!(refusal.message.contains(said), "{text}: {}", refusal.message);
        assert!(refusal.hint.is_some(), "{text}");
    }
}

/// Names of buckets are unique in a partition: the hint has to name it, or it is another bucket.
#[test]
fn an_address_s_hint_is_taken_and_means_the_same() {
    for (url, partition, hint) in [
        ("https://acme.s3.us-west-2.amazonaws.com/in/", "aws", "arn:aws:s3:::acme/in/*"),
        ("https://acme.s3.us-west-2.amazonaws.com/in/*", "aws", "arn:aws:s3:::acme/in/*"),
        ("https://acme.s3.us-west-2.amazonaws.com/", "aws", "arn:aws:s3:::acme"),
        ("https://acme.s3.us-west-2.amazonaws.com/raw%20data/", "aws", "arn:aws:s3:::acme/raw data/*"),
        ("https://acme.s3.us-west-2.amazonaws.com/caf%C3%A9/", "aws", "arn:aws:s3:::acme/caf\u{e9}/*"),
        ("https://acme.s3.cn-north-1.amazonaws.com.cn/in/", "aws-cn", "arn:aws-cn:s3:::acme/in/*"),
        ("https://acme.s3.us-gov-west-1.amazonaws.com/in/", "aws-us-gov", "arn:aws-us-gov:s3:::acme/in/*"),
    ] {
        let refusal = Locator::parse(url).expect_err(url);
        assert!(refusal.message.contains(&format!("in the partition {partition}, ")), "{url}: {}", refusal.message);
        let told = refusal.hint.expect("a hint");
        let written = told.strip_prefix("write ").and_then(|told| told.split_once(';'));
        assert_eq!(written.map(|(locator, _)| locator), Some(hint), "{url}: {told}");
        assert_eq!(super::partition(hint), Some(partition));
        assert!(Locator::parse(hint).is_ok(), "{hint}");
    }
    for (url, said) in [
        ("https://acme-ap-abc-s3alias.s3.us-west-2.amazonaws.com/in/", "access point"),
        ("https://s3.us-west-2.amazonaws.com/acme-train--usw2-az1--x-s3/", "directory bucket"),
        ("https://acme.s3.us-west-2.amazonaws.com/%E8%A8%93/", "U+8A13"),
        ("https://acme.s3.us-west-2.amazonaws.com/%24%7Baws:username%7D/", "`$`"),
        ("https://acme.s3.us-west-2.amazonaws.com/a/../b/", "`..`"),
    ] {
        let refusal = Locator::parse(url).expect_err(url);
        assert!(refusal.message.contains(said), "{url}: {}", refusal.message);
        assert!(refusal.hint.is_some_and(|hint| !hint.starts_with("write s3://") && !hint.contains(":::")), "{url}");
    }
    // One object alone can't be granted, and what can't be read for sure is not guessed.
    let hint = |url: &str| Locator::parse(url).expect_err(url).hint.expect("a hint");
    let object = hint("https://acme.s3.us-west-2.amazonaws.com/in/a.csv");
    assert!(object.starts_with("write arn:aws:s3:::acme/in/a.csv/* if it is a folder"), "{object}");
    assert_eq!(hint("https://acme.s3.us-west-2.amazonaws.com/raw+data/"), super::forms());
    let registry = Locator::parse_registry("https://acme.s3.us-west-2.amazonaws.com/in/").expect_err("no registry");
    assert_eq!(registry.hint, Some(super::repository_form()));
}

#[test]
fn what_only_looks_reserved_is_a_bucket() {
    for bucket in ["acme-x-s3", "acme-s3alias-data", "mrap", "my-sthree", "1.2.3.4.5", "acme-111122223333-us-west-2-an"]
    {
        assert_eq!(objects(&format!("s3://{bucket}/in")).bucket, bucket);
    }
}

#[test]
fn a_registry_has_two_hosts_and_is_one() {
    let one = Locator::parse("111122223333.dkr.ecr.us-west-2.amazonaws.com/team/x").expect("a repository");
    for other in [
        "111122223333.dkr-ecr.us-west-2.on.aws/team/x",
        "https://111122223333.dkr-ecr.us-west-2.on.aws/team/x",
        "111122223333.dkr-ecr-fips.us-west-2.on.aws/team/x",
    ] {
        assert_eq!(Locator::parse(other).as_ref(), Ok(&one), "{other}");
    }
}

#[test]
fn what_a_pattern_of_secrets_reaches() {
    let beginning = |name: &str| {
        let text = format!("arn:aws:secretsmanager:us-west-2:111122223333:secret:{name}");
        match Locator::parse(&text) {
            Ok(Locator::Secret(secret)) => secret.beginning().map(str::to_owned),
            other => panic!("{text}: {other:?}"),
        }
    };
    for whole in ["token", "team/*", "team/prod/*"] {
        assert_eq!(beginning(whole), None, "{whole}");
    }
    for (pattern, wanted) in [("*", ""), ("a*", "a"), ("prod-*", "prod-"), ("team/a*", "team/a")] {
        assert_eq!(beginning(pattern).as_deref(), Some(wanted), "{pattern}");
    }
}

#[test]
fn requirement_39_the_suffix() {
    let secret = |text: &str| match Locator::parse(text) {
        Ok(Locator::Secret(secret)) => secret.arns_or_patterns(),
        other => panic!("{text}: {other:?}"),
    };
    let whole = "arn:aws:secretsmanager:us-west-2:111122223333:secret:labels-token-AbCdEf";
    assert_eq!(secret(whole), [whole.to_owned(), format!("{whole}-??????")]);
    let bare = "arn:aws:secretsmanager:us-west-2:111122223333:secret:labels/token";
    assert_eq!(secret(bare), [format!("{bare}-??????")]);
    let managed = "arn:aws:secretsmanager:us-west-2:111122223333:secret:rds!db-0a1b2c3d";
    assert_eq!(secret(managed), [format!("{managed}-??????")]);
}

#[test]
fn locators_of_every_partition() {
    for (text, id) in [
        ("arn:aws-us-gov:s3:::acme-gov/in/*", Some("aws-us-gov")),
        ("arn:aws-cn:ecr:cn-north-1:111122223333:repository/team/x", Some("aws-cn")),
        ("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/team/x", Some("aws-cn")),
        ("111122223333.dkr.ecr.us-gov-west-1.amazonaws.com/team/x", Some("aws-us-gov")),
        ("111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com/team/x", Some("aws-us-gov")),
        ("111122223333.dkr.ecr.eusc-de-east-1.amazonaws.eu/team/x", Some("aws-eusc")),
        ("111122223333.dkr.ecr.us-iso-east-1.c2s.ic.gov/team/x", Some("aws-iso")),
        ("111122223333.dkr-ecr.us-gov-west-1.on.aws/team/x", Some("aws-us-gov")),
        ("111122223333.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn/team/x", Some("aws-cn")),
        ("111122223333.dkr-ecr.eusc-de-east-1.on.amazonwebservices.eu/team/x", Some("aws-eusc")),
        ("arn:aws-eusc:secretsmanager:eusc-de-east-1:111122223333:secret:token", Some("aws-eusc")),
        ("s3://acme-training", None),
    ] {
        assert!(Locator::parse(text).is_ok(), "{text}: {:?}", Locator::parse(text));
        assert_eq!(partition(text), id, "{text}");
    }
    for (text, said) in [
        ("arn:aws-cn:ecr:us-west-2:111122223333:repository/team/x", "us-west-2 is a region of aws"),
        ("111122223333.dkr.ecr.us-west-2.amazonaws.com.cn/team/y", "us-west-2 is a region of the partition aws"),
        ("111122223333.dkr.ecr.eusc-de-east-1.amazonaws.com/team/y", "a region of the partition aws-eusc"),
        ("111122223333.dkr-ecr.cn-north-1.on.aws/team/y", "a region of the partition aws-cn"),
        ("111122223333.dkr-ecr.us-iso-east-1.on.aws/team/y", "a region of the partition aws-iso"),
        ("111122223333.dkr-ecr.us-west-2.amazonaws.com/team/y", "is not a registry of ECR"),
        ("arn:mars:s3:::acme-gov", "names no partition"),
    ] {
        let refusal = Locator::parse(text).expect_err(text);
        assert!(refusal.message.contains(said), "{text}: {}", refusal.message);
    }
}
