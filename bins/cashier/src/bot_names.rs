//! Display names of the house's bots: an adjective and an animal, followed by a number from the
//! 10,001st bot on.
//!
//! Invariants: a bot's name never changes and no two bots have the same (a changed word here would
//! rename bots in new databases only, so words are never changed); the name contains a space, so
//! that no person's account looks like a bot.

const ADJECTIVES: [&str; 100] = [
    "Able", "Agile", "Amber", "Ample", "Azure", "Bold", "Brave", "Breezy", "Bright", "Brisk", "Bronze",
    "Calm", "Canny", "Chatty", "Chilly", "Civil", "Clever", "Cosmic", "Cozy", "Crafty", "Crimson", "Crisp",
    "Curious", "Dainty", "Daring", "Dapper", "Deft", "Dusty", "Eager", "Early", "Easy", "Fabled", "Fair",
    "Fancy", "Fleet", "Fond", "Frank", "Free", "Frosty", "Gentle", "Giddy", "Glad", "Golden", "Grand",
    "Happy", "Hardy", "Hasty", "Hazel", "Honest", "Humble", "Icy", "Jade", "Jolly", "Jovial", "Keen", "Kind",
    "Late", "Lively", "Loyal", "Lucky", "Lunar", "Mellow", "Merry", "Mighty", "Mild", "Misty", "Modest",
    "Neat", "Nimble", "Noble", "Olive", "Patient", "Placid", "Plucky", "Polite", "Prime", "Proud", "Quick",
    "Quiet", "Rapid", "Rosy", "Royal", "Ruby", "Rustic", "Sage", "Scarlet", "Shiny", "Silent", "Silver",
    "Sly", "Snowy", "Solar", "Steady", "Sunny", "Swift", "Tidy", "Velvet", "Vivid", "Wise", "Witty",
];

const ANIMALS: [&str; 100] = [
    "Adder", "Alpaca", "Ant", "Badger", "Bat", "Bear", "Beaver", "Bee", "Bison", "Boar", "Bobcat", "Buck",
    "Camel", "Carp", "Cat", "Cheetah", "Cobra", "Colt", "Condor", "Cougar", "Coyote", "Crab", "Crane",
    "Cricket", "Crow", "Deer", "Dingo", "Dolphin", "Donkey", "Dove", "Duck", "Eagle", "Egret", "Elk", "Emu",
    "Falcon", "Ferret", "Finch", "Fox", "Frog", "Gazelle", "Gecko", "Gibbon", "Goat", "Goose", "Gopher",
    "Grouse", "Gull", "Hare", "Hawk", "Heron", "Hippo", "Hornet", "Horse", "Hound", "Hyena", "Ibex", "Ibis",
    "Jackal", "Jaguar", "Jay", "Kestrel", "Kiwi", "Koala", "Lark", "Lemur", "Leopard", "Lion", "Lizard",
    "Llama", "Lynx", "Magpie", "Marten", "Mink", "Mole", "Moose", "Moth", "Newt", "Ocelot", "Orca", "Osprey",
    "Otter", "Owl", "Panda", "Panther", "Parrot", "Pelican", "Puffin", "Puma", "Raven", "Robin", "Salmon",
    "Seal", "Shark", "Stork", "Swan", "Tiger", "Toad", "Walrus", "Wolf",
];

/// The number of names without a number.
const PLAIN: u32 = 10_000;
/// The stride through the plain names, so that neighbouring bots have different ones: 7,919 is
/// prime and does not divide their number, so each name is reached once.
const STRIDE: u32 = 7_919;

/// Returns the display name of a bot by its number, counted from 1 (0 is taken as 1).
#[must_use]
pub fn bot_name(number: u32) -> String {
    let index = number.saturating_sub(1);
    let plain = (index % PLAIN) * STRIDE % PLAIN;
    let adjective = ADJECTIVES[(plain / 100) as usize];
    let animal = ANIMALS[(plain % 100) as usize];
    match index / PLAIN {
        0 => format!("{adjective} {animal}"),
        round => format!("{adjective} {animal} {}", round + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_short_and_contain_a_space() {
        let names: HashSet<String> = (1..=100_000).map(|n| bot_name(n).to_lowercase()).collect();
        assert_eq!(names.len(), 100_000);
        assert!(names.iter().all(|name| name.len() <= 20 && name.contains(' ')));
    }

    #[test]
    fn names_never_change() {
        let names: Vec<String> = [1, 2, 3, 10_001, 100_000].map(bot_name).into();
        assert_eq!(names, ["Able Adder", "Rapid Cougar", "Loyal Fox", "Able Adder 2", "Crimson Otter 10"]);
    }
}
