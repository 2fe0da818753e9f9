use crate::packing::shards::*;

const BLUE: &str = "https://blue/";
const GREEN: &str = "https://green/";
const RED: &str = "https://red/";

type Packed = BTreeMap<usize, Vec<Wanted<String>>>;

fn wanted(range: std::ops::Range<usize>) -> Vec<(String, String)> {
    range.map(|n| (format!("name{n:03}"), format!("subject{n:03}"))).collect()
}

fn pack(
    wanted: Vec<(String, String)>,
    present: &BTreeMap<usize, Vec<FederatedCredential>>,
    issuers: &[&str],
) -> Result<Packed, Full> {
    let issuers: Vec<_> = issuers.iter().map(|issuer| (*issuer).to_owned()).collect();
    let (packed, full) = packed(wanted, present, &Trust { issuers: &issuers, mark: "name" });
    full.into_iter().next().map_or(Ok(packed), Err)
}

/// What is there once all of it was written.
fn after(packed: &Packed) -> BTreeMap<usize, Vec<FederatedCredential>> {
    let credential = |wanted: &Wanted<String>| FederatedCredential {
        name: wanted.name.clone(),
        issuer: wanted.issuer.clone(),
        subject: wanted.subject.clone(),
        audiences: Vec::new(),
    };
    packed.iter().map(|(index, credentials)| (*index, credentials.iter().map(credential).collect())).collect()
}

fn there(range: std::ops::Range<usize>, issuers: &[&str]) -> Vec<FederatedCredential> {
    let packed = pack(wanted(range), &BTreeMap::new(), issuers).expect("fits");
    after(&packed).remove(&0).expect("an identity")
}

fn sizes(packed: &Packed) -> Vec<(usize, usize)> {
    packed.iter().map(|(index, credentials)| (*index, credentials.len())).collect()
}

#[test]
fn twenty_to_an_identity() {
    let none = BTreeMap::new();
    let fresh = |count: usize, issuers: &[&str]| sizes(&pack(wanted(0..count), &none, issuers).expect("fits"));
    assert_eq!(fresh(45, &[BLUE]), [(0, 20), (1, 20), (2, 5)]);
    assert_eq!(fresh(0, &[BLUE]), [(0, 0)]);
    // A service account's are never on two identities: it names one.
    assert_eq!(fresh(11, &[BLUE, GREEN]), [(0, 20), (1, 2)]);
    assert_eq!(fresh(7, &[BLUE, GREEN, RED]), [(0, 18), (1, 3)]);
}

#[test]
fn nothing_moves_that_needn_t() {
    let present =
        BTreeMap::from([(0, there(0..20, &[BLUE])), (1, there(20..40, &[BLUE])), (2, there(40..45, &[BLUE]))]);
    // Projects 3 and 25 are gone, and two are new: those that stay, stay where they are.
    let mut now = wanted(0..45);
    now.retain(|(name, _)| name != "name003" && name != "name025");
    now.extend(wanted(45..47));
    let packed = pack(now, &present, &[BLUE]).expect("fits");
    assert_eq!(sizes(&packed), [(0, 19), (1, 19), (2, 7)]);
    assert!(packed[&2].iter().any(|it| it.name == "name046"));
    for (index, credentials) in &packed {
        let stayed = credentials.iter().filter(|it| present[index].iter().any(|there| there.name == it.name));
        assert!(stayed.count() >= 5, "{index}");
    }
}

#[test]
fn another_issuer_under_our_name_is_mended_in_place() {
    let present = BTreeMap::from([(0, there(0..20, &[BLUE]))]);
    let packed = pack(wanted(0..20), &present, &[RED]).expect("fits");
    assert_eq!(sizes(&packed), [(0, 20)]);
    let names = |packed: &Packed| packed[&0].iter().map(|it| it.name.clone()).collect::<Vec<_>>();
    let before: Vec<_> = wanted(0..20).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names(&packed), before);
    // One of two, on an identity that is full.
    let two = BTreeMap::from([(0, there(0..10, &[BLUE, GREEN]))]);
    let packed = pack(wanted(0..10), &two, &[RED, GREEN]).expect("fits");
    let mut before: Vec<_> = two[&0].iter().map(|it| it.name.clone()).collect();
    before.sort();
    assert_eq!(names(&packed), before);
}

#[test]
fn names_are_distinct_and_never_change_hands_whatever_comes_and_goes() {
    let lists: [&[&str]; 8] = [
        &[BLUE],
        &[BLUE, GREEN],
        &[GREEN, BLUE],
        &[RED, GREEN, BLUE],
        &[GREEN],
        &[GREEN, BLUE],
        &[BLUE, RED],
        &[BLUE, RED, GREEN],
    ];
    for start in 0..lists.len() {
        let mut present = BTreeMap::new();
        for issuers in lists.iter().cycle().skip(start).take(2 * lists.len()) {
            let packed = pack(wanted(0..2), &present, issuers).expect("fits");
            let all = &packed[&0];
            let names: BTreeSet<_> = all.iter().map(|it| &it.name).collect();
            let trusted: BTreeSet<_> = all.iter().map(|it| (&it.subject, &it.issuer)).collect();
            assert_eq!((names.len(), trusted.len()), (all.len(), 2 * issuers.len()), "{issuers:?} {all:#?}");
            for there in present.get(&0).into_iter().flatten() {
                let now = all.iter().find(|it| it.subject == there.subject && it.issuer == there.issuer);
                assert!(now.is_none_or(|now| now.name == there.name), "{issuers:?} {there:?} {now:?}");
            }
            let again = pack(wanted(0..2), &after(&packed), issuers).expect("fits");
            assert_eq!(again, packed, "nothing to do");
            present = after(&packed);
        }
    }
}

#[test]
fn what_doesn_t_fit_an_identity_any_more_is_counted() {
    let present = BTreeMap::from([(0, there(0..10, &[BLUE])), (1, there(10..21, &[BLUE]))]);
    let full = pack(wanted(0..21), &present, &[BLUE, GREEN]).expect_err("21 times 2");
    assert_eq!(full, Full { index: 1, served: 11, needed: 22 });
    let refusal = full.refusal("x_2", 2);
    assert_eq!(refusal.kind(), ErrorKind::Quota);
    let expected =
        "identity x_2 takes 20 federated credentials, and would need 22: 2 issuers times 11 service accounts";
    assert_eq!(refusal.message(), expected);
    assert!(refusal.hint_text().is_some_and(|hint| hint.contains("serves 10 or fewer")));
    assert!(pack(wanted(0..20), &present, &[BLUE, GREEN]).is_err(), "the last one goes later");
    let fewer = BTreeMap::from([(0, there(0..10, &[BLUE])), (1, there(10..20, &[BLUE]))]);
    assert_eq!(sizes(&pack(wanted(0..21), &fewer, &[BLUE, GREEN]).expect("fits")), [(0, 20), (1, 20), (2, 2)]);
}

#[test]
fn somebody_else_s_that_is_as_good_takes_no_room_and_no_name() {
    let by_hand = FederatedCredential {
        name: "by-hand".to_owned(),
        issuer: GREEN.to_owned(),
        subject: "subject000".to_owned(),
        audiences: Vec::new(),
    };
    let mut there = there(0..19, &[BLUE]);
    there.push(by_hand);
    let present = BTreeMap::from([(0, there)]);
    let packed = pack(wanted(0..1), &present, &[BLUE, GREEN]).expect("fits");
    assert_eq!(sizes(&packed), [(0, 2)]);
    assert!(packed[&0].iter().all(|it| it.name.starts_with("name000")));
}
