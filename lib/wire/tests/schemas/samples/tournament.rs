//! Commands to tournaments, and their answers.

use super::{PLAYER, Samples, TABLE, TOURNAMENT, instruction, refusals, report, server, tournament_config};
use wire::{
    CommandId,
    tournament::{
        CoordinatorsAnswer, CoordinatorsQuery, Payout, Then, TournamentCommand, TournamentConfig,
        TournamentReply, TournamentRequest,
    },
};

/// Returns samples of each command to tournaments.
pub fn requests() -> Samples<TournamentRequest> {
    use TournamentCommand as C;
    let with_shares = TournamentConfig {
        payout: Payout::Shares(vec![6_500, 3_500]),
        start_ms: None,
        ..tournament_config()
    };
    let ann = Some(PLAYER);
    let commands = vec![
        ("create", None, C::Create { config: tournament_config() }),
        ("create with shares", None, C::Create { config: with_shares }),
        ("register", ann, C::Register { name: "ann".to_owned() }),
        ("unregister", ann, C::Unregister),
        ("report", None, C::Report(report())),
        ("applied", None, C::Applied { table: TABLE, instruction: 12 }),
        ("show", None, C::Show { limit: 100 }),
        ("cancel", None, C::Cancel),
    ];
    let request = |(name, player, command)| {
        let id = CommandId(69_641);
        (name, TournamentRequest { tournament: TOURNAMENT, id, player, command, pass: None })
    };
    let mut all: Samples<_> = commands.into_iter().map(request).collect();
    let (_, mut proven) = request(("", ann, C::Unregister));
    proven.pass = Some(super::pass());
    all.push(("unregister, with a pass", proven));
    all
}

/// Returns samples of each answer of tournaments.
pub fn replies() -> Samples<TournamentReply> {
    use TournamentReply as R;
    let mut all = vec![
        ("done", R::Done),
        ("play", R::Instruction(instruction(Then::Play))),
        ("wait", R::Instruction(instruction(Then::Wait))),
        ("close", R::Instruction(instruction(Then::Close))),
    ];
    let standings = |phase, payout| {
        let standings = wire::tournament::Standings { phase, ..server::standings(payout) };
        R::Standings(Box::new(standings))
    };
    let names = ["registering", "running", "finished", "cancelled"];
    for (name, phase) in names.into_iter().zip(server::phases()) {
        all.push((name, standings(phase, Payout::Standard)));
    }
    let phase = wire::tournament::Phase::Running;
    all.push(("with shares", standings(phase, Payout::Shares(vec![10_000]))));
    all.extend(refusals().into_iter().map(|(name, refusal)| (name, R::Refused(refusal))));
    all
}

/// Returns samples of each query to coordinators.
pub fn queries() -> Samples<CoordinatorsQuery> {
    vec![("tournaments", CoordinatorsQuery::Tournaments { limit: 50 })]
}

/// Returns samples of each answer to them.
pub fn answers() -> Samples<CoordinatorsAnswer> {
    let tournaments = server::phases().map(server::tournament_summary).to_vec();
    vec![("tournaments", CoordinatorsAnswer::Tournaments(tournaments))]
}
