//! Messages between agents, and with the person.

use expect_test::expect;

use crate::script::check;

#[test]
fn to_one_and_taken_once() {
    check(expect![[r#"
        given register ada
        given register bo
        send ada -> bo QUESTION "where is the schema?"
            = sent 1
              message_sent 1 to bo: QUESTION "where is the schema?"
        send supervisor -> bo NOTE "lunch at noon"
            = sent 2
              message_sent 2 to bo: NOTE "lunch at noon"
        show inbox of bo
            1 from ada: QUESTION "where is the schema?"
            2 from supervisor: NOTE "lunch at noon"
        bo takes
            = 1 from ada: QUESTION "where is the schema?", 2 from supervisor: NOTE "lunch at noon"
              messages_processed by bo: 1, 2
        bo takes
            = nothing
        send bo -> supervisor ANSWER "in db/"
            = sent 3
              message_sent 3 to supervisor: ANSWER "in db/"
        supervisor takes
            = 3 from bo: ANSWER "in db/"
              messages_processed by supervisor: 3
        # To oneself, for later.
        send ada -> ada REMINDER
            = sent 4
              message_sent 4 to ada: REMINDER
        ada takes
            = 4 from ada: REMINDER
              messages_processed by ada: 4
    "#]]);
}

#[test]
fn to_a_role_and_to_all_but_the_sender() {
    check(expect![[r#"
        given register ada COORDINATOR
        given register bo QUALITY_ENHANCER
        given register cy QUALITY_ENHANCER
        given register dee
        given dee leaves
        send ada -> role:QUALITY_ENHANCER REVIEW
            = sent 1, 2
              message_sent 1 to bo: REVIEW
              message_sent 2 to cy: REVIEW
        send bo -> role:quality_enhancer REVIEW
            = sent 3
              message_sent 3 to cy: REVIEW
        send ada -> * HELLO
            = sent 4, 5
              message_sent 4 to bo: HELLO
              message_sent 5 to cy: HELLO
        send supervisor -> * HELLO
            = sent 6, 7, 8
              message_sent 6 to ada: HELLO
              message_sent 7 to bo: HELLO
              message_sent 8 to cy: HELLO
        send ada -> role:COORDINATOR HELLO
            ! no_recipient: nobody would get a message to role:COORDINATOR; list_manus shows who is here
        send ada -> role:AI_SPECIALIST HELLO
            ! no_recipient: nobody would get a message to role:AI_SPECIALIST; list_manus shows who is here
        send ada -> role:JANITOR HELLO
            ! "JANITOR" is not a role: use one of SPEED_DEVELOPER, QUALITY_ENHANCER, AI_SPECIALIST, COORDINATOR
    "#]]);
}

#[test]
fn to_many_when_nobody_is_there() {
    check(expect![[r#"
        given register ada
        send ada -> * HELLO
            ! no_recipient: nobody would get a message to *; list_manus shows who is here
        send ada -> supervisor HELLO
            = sent 1
              message_sent 1 to supervisor: HELLO
    "#]]);
}

#[test]
fn unknown_recipients_and_the_engines_name_are_refused() {
    check(expect![[r#"
        given register ada
        send ada -> bo HELLO
            ! manus_not_found: no agent bo is registered; call register_manus first, or check the name with list_manus
        send ada -> system HELLO
            ! invalid_argument: to_manus cannot be system: the engine itself writes under that name and reads nothing
        send system -> ada HELLO
            ! invalid_argument: from_manus cannot be system: the engine itself writes under that name and reads nothing
        send bo -> ada HELLO
            ! manus_not_found: no agent bo is registered; call register_manus first, or check the name with list_manus
        system takes
            ! invalid_argument: manus_id cannot be system: the engine itself writes under that name and reads nothing
        system acks 1
            ! invalid_argument: manus_id cannot be system: the engine itself writes under that name and reads nothing
        nobody takes
            ! manus_not_found: no agent nobody is registered; call register_manus first, or check the name with list_manus
    "#]]);
}

#[test]
fn whoever_is_lost_or_gone_finds_messages_on_coming_back() {
    check(expect![[r#"
        settings timeout=10s
        given register ada
        given register bo
        given bo leaves
        given at 9s
        given register cy
        at 11s
            tick at 10s
              manus_lost ada
        send cy -> ada HELLO
            = sent 1
              message_sent 1 to ada: HELLO
        send cy -> bo HELLO
            = sent 2
              message_sent 2 to bo: HELLO
        # To all means all that are expected back.
        send cy -> * HELLO
            = sent 3
              message_sent 3 to ada: HELLO
        ada takes
            = 1 from cy: HELLO, 3 from cy: HELLO
              manus_revived ada
              messages_processed by ada: 1, 3
        bo takes
            ! manus_inactive: bo said goodbye; call register_manus to come back
        given register bo
        bo takes
            = 2 from cy: HELLO
              messages_processed by bo: 2
    "#]]);
}

#[test]
fn answers_make_a_thread() {
    check(expect![[r#"
        given register ada
        given register bo
        given send ada -> bo QUESTION "which parser?"
        send bo -> ada ANSWER "the old one" re=1
            = sent 2
              message_sent 2 to ada: ANSWER "the old one"
        send ada -> bo QUESTION "why?" re=2
            = sent 3
              message_sent 3 to bo: QUESTION "why?"
        send bo -> ada ANSWER "it works" re=3 ack
            = sent 4
              message_sent 4 to ada: ANSWER "it works"
        given send bo -> ada OTHER
        show inbox of ada
            2 from bo: ANSWER "the old one" re 1 in thread 1
            4 from bo: ANSWER "it works" re 3 in thread 1 (ack wanted)
            5 from bo: OTHER
        send ada -> bo ANSWER re=99
            ! message_not_found: there is no message 99 to reply to; leave out reply_to, or look up the number with list_messages
        send ada -> bo ANSWER re=0
            ! message_not_found: there is no message 0 to reply to; leave out reply_to, or look up the number with list_messages
    "#]]);
}

#[test]
fn an_answer_to_what_has_left_memory_still_belongs_to_it() {
    check(expect![[r#"
        settings messages=1
        given register ada
        given register bo
        given send ada -> bo ONE
        given send ada -> bo TWO
        given bo takes
        send bo -> ada ANSWER re=1
            = sent 3
              message_sent 3 to ada: ANSWER
        show inbox of ada
            3 from bo: ANSWER re 1 in thread 1
    "#]]);
}

#[test]
fn messages_come_in_the_order_of_sending() {
    check(expect![[r#"
        given register ada
        given register bo
        given send bo -> ada ONE
        given send supervisor -> ada TWO
        given send bo -> * THREE
        given send bo -> ada FOUR
        ada takes 3
            = 1 from bo: ONE, 2 from supervisor: TWO, 3 from bo: THREE
              messages_processed by ada: 1, 2, 3
        ada takes 0
            = nothing
        ada takes 3
            = 4 from bo: FOUR
              messages_processed by ada: 4
    "#]]);
}

#[test]
fn only_ones_own_unread_messages_are_acknowledged() {
    check(expect![[r#"
        given register ada
        given register bo
        given send bo -> ada ONE
        given send bo -> ada TWO ack
        given send ada -> bo THREE
        ada acks 2 3 99 2
            = 1 acknowledged
              messages_processed by ada: 2
              message_sent 4 to bo: MESSAGE_ACKNOWLEDGED, message_id 2
        ada acks 2
            = 0 acknowledged
        ada acks
            = 0 acknowledged
        ada takes
            = 1 from bo: ONE
              messages_processed by ada: 1
        show inbox of bo
            3 from ada: THREE
            4 from system: MESSAGE_ACKNOWLEDGED, message_id 2
        supervisor acks 3
            = 0 acknowledged
    "#]]);
}

#[test]
fn the_newest_processed_messages_stay_in_memory() {
    check(expect![[r#"
        settings messages=2
        given register ada
        given register bo
        given send ada -> bo ONE
        given send supervisor -> ada TWO
        given send supervisor -> ada THREE
        # Whatever the order of taking: the newest by number stay. An answer to one that went begins its own thread.
        given ada takes
        given bo takes
        send bo -> ada ANSWER re=3
            = sent 4
              message_sent 4 to ada: ANSWER
        send bo -> ada ANSWER re=1
            = sent 5
              message_sent 5 to ada: ANSWER
    "#]]);
}

#[test]
fn a_sender_who_wants_to_know_is_told_once_that_a_message_was_taken() {
    check(expect![[r#"
        given register ada
        given register bo
        given register cy
        given send ada -> bo QUESTION "which parser?" ack
        given send supervisor -> bo NOTE ack
        given send ada -> cy QUESTION "which parser?" ack
        given send ada -> bo NOTE
        bo takes
            = 1 from ada: QUESTION "which parser?" (ack wanted), 2 from supervisor: NOTE (ack wanted), 4 from ada: NOTE
              messages_processed by bo: 1, 2, 4
              message_sent 5 to ada: MESSAGE_ACKNOWLEDGED, message_id 1
              message_sent 6 to supervisor: MESSAGE_ACKNOWLEDGED, message_id 2
        bo takes
            = nothing
        bo acks 1
            = 0 acknowledged
        # Acknowledging is as good as taking. Somebody else cannot do it.
        bo acks 3
            = 0 acknowledged
        cy acks 3
            = 1 acknowledged
              messages_processed by cy: 3
              message_sent 7 to ada: MESSAGE_ACKNOWLEDGED, message_id 3
        cy acks 3
            = 0 acknowledged
        # The notice itself asks for nothing, and to oneself there is nothing to tell.
        ada takes
            = 5 from system: MESSAGE_ACKNOWLEDGED, message_id 1, 7 from system: MESSAGE_ACKNOWLEDGED, message_id 3
              messages_processed by ada: 5, 7
        given send ada -> ada REMINDER ack
        ada takes
            = 8 from ada: REMINDER (ack wanted)
              messages_processed by ada: 8
        # Whoever has left finds it on coming back.
        given send cy -> bo BYE ack
        given cy leaves
        bo takes
            = 9 from cy: BYE (ack wanted)
              messages_processed by bo: 9
              message_sent 10 to cy: MESSAGE_ACKNOWLEDGED, message_id 9
        given register cy
        show inbox of cy
            10 from system: MESSAGE_ACKNOWLEDGED, message_id 9
    "#]]);
}
