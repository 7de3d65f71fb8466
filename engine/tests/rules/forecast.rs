//! What will collide, and why a task is where it is.

use expect_test::expect;

use crate::script::check;

#[test]
fn running_tasks_come_first_then_the_better_ones() {
    check(expect![[r#"
        given register ada
        given task One files=src/ est=40
        given task Two files=src/a.rs prio=HIGH est=20
        given task Three files=src/*.rs,docs/ est=10
        given task Four files=docs/x.md est=15
        given task Five
        forecast
            T2 before T1 for 20 min, on src/a.rs
            T2 before T3 for 20 min, on src/a.rs
            T1 before T3 for 40 min, on src/
            T4 before T3 for 15 min, on docs/x.md
        given ada starts T1
        given ada reports T1 50%
        forecast
            T1 before T2 for 20 min, on src/, which runs
            T1 before T3 for 20 min, on src/, which runs
            T2 before T3 for 20 min, on src/a.rs
            T4 before T3 for 15 min, on docs/x.md
    "#]]);
}

#[test]
fn nothing_collides_where_files_do_not_meet() {
    check(expect![[r#"
        given task One files=a.rs
        given task Two files=b.rs
        given task Three files=a.rs after=T1
        forecast
            nothing
    "#]]);
}

#[test]
fn what_waits_behind_a_lock_is_forecast_too() {
    check(expect![[r#"
        given register ada
        given register bo
        given task One files=a.rs
        given task Two files=a.rs
        given ada starts T1
        show T2
            T2 PENDING, bo's, 0%, attempt 0
        forecast
            T1 before T2 for 30 min, on a.rs, which runs
    "#]]);
}

#[test]
fn reasons_for_and_against_each_agent() {
    check(expect![[r#"
        settings queue=2
        given register ada can=rust
        given register bo can=rust,sql
        given register cy
        given register dee QUALITY_ENHANCER can=rust
        given register eve can=rust
        given register fay can=rust
        given eve leaves
        given drain fay
        given bo claims src/
        given task Filler needs=sql
        given task Filler needs=sql
        given task "Test the parser" files=src/a.rs needs=rust
        why T3
            nothing
            dee may not, 28.5, done at 1710s: src/ is held by bo; has a free hand; the title suits a QUALITY_ENHANCER
            ada may not, 30, done at 1800s: src/ is held by bo; has a free hand
            cy may not, 30, done at 1800s: lacks rust; src/ is held by bo; has a free hand
            eve may not, 30, done at 1800s: said goodbye; src/ is held by bo; has a free hand
            fay may not, 30, done at 1800s: is draining: it finishes what it has; src/ is held by bo; has a free hand
            bo may not, 90, done at 5400s: has 2 tasks already; has about 60 minutes of work before
        given bo frees src/
        why T3
            dee
            dee could, 28.5, done at 1710s: has it now, chosen by the rule; has a free hand; the title suits a QUALITY_ENHANCER
            ada could, 30, done at 1800s: has a free hand
            cy may not, 30, done at 1800s: lacks rust; has a free hand
            eve may not, 30, done at 1800s: said goodbye; has a free hand
            fay may not, 30, done at 1800s: is draining: it finishes what it has; has a free hand
            bo may not, 90, done at 5400s: has 2 tasks already; has about 60 minutes of work before
        given assign T3 to cy
        why T3
            cy
            dee could, 28.5, done at 1710s: has a free hand; the title suits a QUALITY_ENHANCER
            ada could, 30, done at 1800s: has a free hand
            cy may not, 30, done at 1800s: has it now, chosen by hand; lacks rust; has a free hand
            eve may not, 30, done at 1800s: said goodbye; has a free hand
            fay may not, 30, done at 1800s: is draining: it finishes what it has; has a free hand
            bo may not, 90, done at 5400s: has 2 tasks already; has about 60 minutes of work before
        why T9
            no T9
    "#]]);
}

#[test]
fn languages_and_roles_raise_the_score() {
    check(expect![[r#"
        given register ada can=Rust
        given register bo QUALITY_ENHANCER
        given register cy
        given task "Review the parser" files=src/a.rs,x.py
        why T1
            bo
            ada could, 28.5, done at 1710s: has a free hand; knows languages of its files (50 of 100)
            bo could, 28.5, done at 1710s: has it now, chosen by the rule; has a free hand; the title suits a QUALITY_ENHANCER
            cy could, 30, done at 1800s: has a free hand
    "#]]);
}

#[test]
fn whoever_would_be_done_first_stands_first_whatever_is_planned() {
    check(expect![[r#"
        settings timeout=24h stall=24h
        given register ada
        given register bo
        given register cy
        given task One est=60
        given ada starts T1
        given task Two after=T1 est=30
        given plan T1 by ada 0s-60m, T2 by bo 65m-95m
        why T2
            nothing
            cy could, 30, done at 5400s: has a free hand
            ada could, 90, done at 5400s: has about 60 minutes of work before
            bo could, 30, done at 5700s: the plan has it here, to begin in about 65 minutes; has a free hand
        given at 70m
        why T2
            nothing
            bo could, 30, done at 6000s: has a free hand
            cy could, 30, done at 6000s: has a free hand
            ada could, 90, done at 9600s: has about 60 minutes of work before
        given drain bo
        given plan T2 by ada 71m-101m
        why T2
            nothing
            cy could, 30, done at 6000s: has a free hand
            ada could, 90, done at 6060s: the plan has it here, to begin in about 1 minute; has about 60 minutes of work before
            bo may not, 30, done at 6000s: is draining: it finishes what it has; has a free hand
    "#]]);
}
