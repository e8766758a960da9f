//! Breadth first through every reachable state, and back from the good ends: who cannot come to one is lost.

use std::collections::HashMap;

use crate::bugs::Bug;
use crate::moves::moves;
use crate::promises::{broken, is_over};
use crate::world::{Scope, World};

/// What a search came to.
pub enum Seen {
    /// Every state was visited, and every promise holds.
    Nothing { states: usize, moves: usize },
    /// A promise does not hold; the shortest way there.
    Broken { promise: &'static str, states: usize, trace: Vec<String> },
}

struct Graph {
    numbers: HashMap<World, u32>,
    /// Where each state was reached from first, and by what.
    from: Vec<(u32, String)>,
    /// Every move, backwards.
    back: Vec<Vec<u32>>,
    over: Vec<bool>,
}

impl Graph {
    fn trace(&self, mut at: u32) -> Vec<String> {
        let mut trace = Vec::new();
        while at != 0 {
            let (before, by) = &self.from[at as usize];
            trace.push(by.clone());
            at = *before;
        }
        trace.reverse();
        trace
    }

    /// The first state from which no good end can be reached.
    fn lost(&self) -> Option<u32> {
        let mut saved = self.over.clone();
        let mut next: Vec<u32> = (0..saved.len() as u32).filter(|at| saved[*at as usize]).collect();
        while let Some(at) = next.pop() {
            for before in &self.back[at as usize] {
                if !std::mem::replace(&mut saved[*before as usize], true) {
                    next.push(*before);
                }
            }
        }
        saved.iter().position(|s| !s).map(|at| at as u32)
    }
}

/// Searches a scope, with a bug or without.
pub fn search(scope: Scope, bug: Option<Bug>) -> Seen {
    let begin = scope.begin();
    let mut graph = Graph {
        numbers: HashMap::from([(begin.clone(), 0)]),
        from: vec![(0, String::new())],
        back: vec![Vec::new()],
        over: vec![is_over(&begin)],
    };
    let mut frontier = vec![(0, begin)];
    let mut count = 0;
    while !frontier.is_empty() {
        let mut further = Vec::new();
        for (number, world) in frontier {
            for (by, next) in moves(&world, scope, bug) {
                count += 1;
                let fresh = graph.from.len() as u32;
                let known = *graph.numbers.entry(next.clone()).or_insert(fresh);
                if known != fresh {
                    graph.back[known as usize].push(number);
                    continue;
                }
                graph.from.push((number, by));
                graph.back.push(vec![number]);
                graph.over.push(is_over(&next));
                if let Some(promise) = broken(&next, scope) {
                    return Seen::Broken { promise, states: graph.from.len(), trace: graph.trace(fresh) };
                }
                further.push((fresh, next));
            }
        }
        frontier = further;
    }
    if let Some(lost) = graph.lost() {
        return Seen::Broken { promise: "no way to an end", states: graph.from.len(), trace: graph.trace(lost) };
    }
    Seen::Nothing { states: graph.from.len(), moves: count }
}
