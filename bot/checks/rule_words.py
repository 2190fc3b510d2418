"""What the hard rules have said, and where: plain data for `rules`.

A pattern is looked for in the lines of one flow or block that cite the rule; forms that mean the same stand side by side.
"""

from __future__ import annotations

from typing import NamedTuple


class HasToSay(NamedTuple):
    """What a flow or block has to say on a line that cites a rule."""

    rule: str
    route: str
    says: str
    pattern: str


def _said(rule: str, route: str, **says: str) -> tuple[HasToSay, ...]:
    """Make the requirements of one rule on one route; a keyword names what is said."""
    return tuple(HasToSay(rule, route, name.replace("_", " "), pattern) for name, pattern in says.items())


INTERPRETER = r"\b(professional interpreter|interpreter\b[^.]{0,40}\bprofessional)"
NOT_KIN = r"\b(never|no|not)\b[^.]{0,60}\b(child|relative|friend|family|partner)"
SIXTEEN = r"\b(16|sixteen)\b[^.]{0,60}\b(child|children)\b"

LINES_HAVE_TO_SAY: tuple[HasToSay, ...] = (
    *(
        requirement
        for line in ("greeting", "menu", "opening", "help", "not_understood", "guarded", "too_long")
        for requirement in _said("H1", line, in_danger_999="999")
    ),
    *_said("H10", "help", never_says_safe=r"never say a child is safe"),
    *_said("H13", "reminder_due", a_named_person=r"named person", ring_again="ring again now"),
    *_said("H23", "greeting", no_names=r"no names"),
    *_said("H23", "guarded", no_names=r"no names"),
    *_said(
        "H25",
        "limits",
        general_for_england=r"general guidance for England",
        as_at_a_date=r"as (read|at) on \d+ \w+ 20\d\d",
        local_procedures=r"local procedures",
        the_lead_or_someone_else=r"safeguarding lead,? or someone senior who is\s+not involved",
        not_the_record=r"not the child's record",
    ),
    *_said(
        "H28",
        "media_refused",
        not_opened=r"did not open it",
        do_not_view=r"(don't|do not|never) view",
        the_lead_at_once=r"lead[^.]{0,60}at once",
        the_police=r"adult is involved, police",
    ),
    *_said("H41", "withdrawn", leave_the_call_as_it_is=r"already rung, leave it"),
)
"""What fixed lines have to say; `route` is the line. A line need not cite the rule."""

HAS_TO_SAY: tuple[HasToSay, ...] = (
    *_said(
        "H1",
        "danger_check",
        floppy=r"floppy",
        drowsy=r"drowsy|hard to wake",
        sick_after_a_blow_to_the_head=r"(sick|vomit)[^.·]{0,30}head",
        not_breathing_right=r"breath",
        bleeding=r"bleeding",
        burned=r"\bburn",
        a_fit=r"\bfits?\b",
        overdose_or_poison=r"overdose|tablets|poison",
        a_weapon=r"weapon",
        a_threat=r"threat",
        missing_and_at_high_risk=r"missing and at high risk",
        the_person_feared_is_with_the_child=r"person you (fear|are worried about) is with the child",
        unsure_and_cannot_look_is_999=r"(can't|cannot) (look|decide|tell)[^?]{0,60}999",
        going_home_to_the_person_feared=r"going home to",
    ),
    *_said("H1", "emergency", ring_999_now=r"ring 999 now"),
    *_said("H2", "danger_check", do_not_wait_for_the_lead=r"(do not|don't) wait for them|go ahead"),
    *_said("H3", "being_heard", anyone_may_refer=r"anyone may (refer|ring)"),
    *_said("H3", "what_to_say", no_proof_is_needed=r"(need|needs) no (proof|evidence)|without proof"),
    *_said("H3", "not_enough_evidence", not_for_want_of_proof=r"(can't|cannot) prove it|no proof|proof or permission"),
    *_said("H3", "information_sharing", anyone_may=r"anyone may"),
    *_said("H4", "child_has_told_me", never_promise_secrecy=r"(never|don't|do not) promise[^.]{0,40}(secret|secrecy)"),
    *_said("H4", "mark_on_child", no_promise_of_secrecy=r"(no|never) promise\w*[^.]{0,20}secre"),
    *_said("H4", "information_sharing", never_promise_that=r"never promise"),
    *_said("H4", "sexual_abuse_concern", no_promise_of_secrecy=r"(no|never) promise\w*[^.]{0,20}secre"),
    *_said(
        "H5",
        "child_has_told_me",
        the_questions_allowed=r"\"?tell me\"?[^.]{0,80}explain[^.]{0,80}describe[^.]{0,80}are you hurt",
        no_words_of_your_own=r"no words of your own|no leading|not lead",
    ),
    *_said("H5", "mark_on_child", never_fetch_a_child_to_ask=r"(don't|do not|never) fetch"),
    *_said("H5", "not_enough_evidence", get_no_more=r"(don't|do not) go and get more"),
    *_said(
        "H6",
        "child_has_told_me",
        did_right_to_tell=r"did right to tell",
        not_their_fault=r"not your fault",
        taken_seriously=r"seriously",
    ),
    *_said(
        "H7",
        "telling_the_family",
        ask_first_who_tells=r"not before you have asked[^.]{0,60}who tells",
        parental_responsibility=r"parental responsibility",
        dont_know_is_not_yet=r"don't know[^.]{0,40}\? then (do not|don't) tell yet",
        not_first_in_sexual_abuse=r"not first[^.]{0,60}sexual abuse",
        not_first_in_domestic_abuse=r"domestic abuse",
        not_first_in_fgm=r"\bFGM\b",
        not_first_in_forced_marriage=r"forced marriage",
        not_first_in_exploitation=r"exploitation",
        not_first_in_made_up_illness=r"induced illness",
        not_first_about_staff=r"member of staff",
        not_first_where_the_child_fears_it=r"child fears it",
        not_first_where_someone_may_flee=r"\bflee\b",
    ),
    *_said("H8", "men_known", do_not_contact_him=r"(don't|do not|never) contact him"),
    *_said(
        "H8",
        "perplexing_or_fabricated_illness",
        nothing_to_the_parents=r"nothing [^.]{0,20}to the parents|don't tell the parents",
        treatment_goes_on=r"treatment goes on",
        named_doctor_or_nurse=r"named doctor",
        a_paediatrician_leads_openly=r"paediatrician leads[^.]{0,40}openly",
        disabled_is_not_made_up=r"disabled child is not",
    ),
    *_said(
        "H9",
        "mark_on_child",
        under_six_months=r"under six months",
        rolling_is_not_moving=r"rolling[^.]{0,20}not",
        they_and_a_paediatrician_arrange=r"paediatrician arrange",
        not_to_a_gp_instead=r"(don't|do not|never) send[^.]{0,30}GP",
        who_takes_the_child=r"who takes the (child|baby)",
        head_or_face_is_999=r"head or face[^.]{0,40}999",
        a_birthmark_needs_a_record=r"birthmark[^.]{0,60}[.?][^.]{0,60}[.]?[^.]{0,20}clinician's record",
        bites_burns_breaks_patterns=r"bite[^?]{0,30}burn[^?]{0,30}break[^?]{0,30}pattern",
        ear_neck_trunk_buttocks=r"ear, neck[^?]{0,40}buttocks",
    ),
    *_said("H9", "home_conditions_and_accidents", not_to_a_gp_instead=r"(don't|do not|never) send[^.]{0,30}GP"),
    *_said("H9", "child_with_additional_needs", not_to_a_gp_instead=r"(don't|do not|never) send[^.]{0,30}GP"),
    *_said(
        "H11",
        "recording",
        date_and_time=r"date and time",
        exact_words=r"exact words",
        who_said_it=r"\bwho\b",
        why=r"\bwhy you did",
    ),
    *_said("H12", "recording", a_decision_not_to_refer=r"not to (share|refer)[^.]{0,30}write (that|it) down"),
    *_said("H12", "not_enough_evidence", write_why_and_still_ring=r"write down why[^.]{0,30}still ring"),
    *_said("H13", "tonight", a_named_person=r"named person has said", ring_again=r"ring again"),
    *_said("H13", "being_heard", the_same_day=r"escalate the same day"),
    *_said(
        "H14",
        "danger_check",
        no_holding_back=r"cannot hold a child back|no power to (hold|detain)",
        never_by_force=r"never (by force|physically)",
        the_police_can=r"police can protect",
    ),
    *_said("H14", "being_heard", make_the_call_yourself=r"(make the call|ring( social care)?) yourself"),
    *_said("H14", "professional_disagreement", ring_yourself=r"ring[^.]{0,30}yourself"),
    *_said(
        "H15",
        "domestic_abuse",
        never_before_that_person=r"never raise it with that person|never raise it[^.]{0,40}hear",
        no_trace=r"(text|message)[^.]{0,60}traced",
        no_couples_work=r"(no|never)\b[^.]{0,20}\bcouples",
        no_urging_to_leave=r"(don't|do not|never) (urge|tell|advise)[^.]{0,30}leave",
    ),
    *_said("H15", "new_partner", no_couples_work_no_leaving=r"(don't|never) urge[^.]{0,30}leave[^.]{0,60}couples"),
    *_said(
        "H16",
        "fgm",
        yourself_by_the_next_working_day=r"yourself, on 101, by the end of the next working day",
        cannot_be_handed_on=r"(can't|cannot) be (handed|passed)",
        every_regulated_clinician=r"regulated clinician",
        never_examine=r"nobody[^.]{0,20}examines|never examine",
        urgent_if_travel_is_near=r"travel[^.]{0,40}ring this minute",
        the_lead_as_well=r"as well, not instead",
    ),
    *_said("H16", "mark_on_child", the_police_personally=r"police \(101\) personally|police themselves"),
    *_said(
        "H17",
        "allegation_about_staff",
        no_quiet_word=r"no quiet word",
        about_the_lead_the_head=r"about the (safeguarding )?lead[:,][^.]{0,30} never the lead",
        about_the_head_the_chair=r"chair of governors",
        lado_in_one_working_day=r"LADO within one working day",
        the_lado_does_not_replace=r"does not replace this call",
        you_do_not_grade_it=r"(don't|do not) grade it",
    ),
    *_said(
        "H17", "if_staff", about_the_lead_the_head=r"about the lead: the head", never_that_person=r"never that person"
    ),
    *_said(
        "H18",
        "sexual_abuse_concern",
        under_13_always=r"under 13, any sexual activity is always referred",
        keep_evidence=r"(don't|never) wash",
        doubt_from_13_to_15=r"13 to 15[^.]{0,160}doubt",
        children_apart_and_unlabelled=r"label neither|neither labelled",
        near_children_now=r"near (a|any) child now|near children now",
        check_whether_the_duty_has_started=r"whether it has started",
    ),
    *_said("H18", "child_on_child_harm", neither_is_labelled=r"neither is"),
    *_said(
        "H19",
        "young_person_at_risk",
        overdose_even_if_well=r"overdose[^.]{0,60}999 or A&E, even if they seem well",
        a_plan_or_the_means=r"plan or the means[^.]{0,20}999",
        not_left_alone=r"(don't|do not|never) leave them alone",
        move_the_means=r"move the means",
        asking_is_safe=r"asking is safe",
        no_scoring_tools=r"no scoring",
        nhs_111=r"NHS 111",
        not_by_a_note=r"not by a note|never just a note",
    ),
    *_said("H19", "child_has_told_me", asking_is_safe=r"asking is safe", never_just_a_note=r"never just a note"),
    *_said("H20", "family_wont_engage", duty_line=r"duty line", not_by_email_alone=r"not by email alone"),
    *_said("H20", "mark_on_child", a_new_referral=r"new referral"),
    *_said("H20", "professional_disagreement", duty_line=r"duty line, then the front door"),
    *_said(
        "H21",
        "home_conditions_and_accidents",
        an_adult_within_reach=r"adult within (arm's )?reach, (every moment|the whole time|all the time)",
        a_bath_seat_is_no_guard=r"bath seat[^.]{0,60}(no guard|never|not)",
        nor_a_brother_or_sister=r"brother or sister[^.]{0,60}(no guard|never|not)",
    ),
    *_said("H24", "for_a_child", in_danger_999=r"999", childline=r"0800 1111", not_their_fault=r"not your fault"),
    *_said("H24", "for_a_parent", in_danger_999=r"999", a_human=r"NSPCC helpline"),
    *_said("H24", "domestic_abuse", for_whoever_it_happens_to=r"happening to you\?"),
    *_said("H24", "allegation_about_staff", for_the_one_accused=r"being spoken of"),
    *_said("H26", "recording", proves_no_harm_excuses_none=r"race, disability[^.]{0,60}no harm[^.]{0,30}excuses? none"),
    *_said("H26", "neglect_accepted", poverty_no_proof_no_reason=r"poverty is no proof[^.]{0,60}no reason"),
    *_said(
        "H27", "tonight", the_emergency_duty_team=r"emergency duty team", not_morning=r"(do not|don't) wait for morning"
    ),
    *_said(
        "H28",
        "images_of_children",
        never_view_copy_share=r"never view, copy, print, share, save or screenshot",
        nor_ask_to_be_sent_it=r"ask to be sent",
        the_lead_at_once=r"lead at once",
        an_adult_is_for_the_police=r"an adult[^.]{0,60}police now",
        report_remove=r"Report Remove",
        ceop=r"\bCEOP\b",
        do_not_pay=r"(don't|do not) pay",
        keep_the_messages=r"keep the messages",
        ask_about_suicide=r"ending your life",
    ),
    *_said("H28", "recording", never_view_or_copy=r"never view, copy"),
    *_said(
        "H29",
        "family_moved",
        where_the_child_is_now=r"danger or urgent: the council where the child is now",
        stay_with_it=r"stay with it until the other accepts|keeps it until the other accepts",
        tell_both=r"(placed or trafficked|trafficked or placed): tell both",
    ),
    *(
        requirement
        for route in (
            "additional_needs",
            "child_has_told_me",
            "domestic_abuse",
            "family_wont_engage",
            "modern_slavery",
            "forced_marriage_or_honour_based_abuse",
        )
        for requirement in _said("H30", route, a_professional=INTERPRETER, never_kin_or_friend=NOT_KIN)
    ),
    *_said("H30", "domestic_abuse", safe_by_phone=r"safe by phone"),
    *_said(
        "H31",
        "information_sharing",
        only_those_who_need_it=r"only (to )?those who need it",
        no_address_school_or_refuge=r"no address, school or refuge",
        ring_back=r"ring back",
        responsibility_is_not_being_told=r"parental responsibility does not mean being told",
    ),
    *_said("H31", "family_moved", no_address_to_a_caller=r"never give[^.]{0,40}refuge to a parent, relative or caller"),
    *_said(
        "H32",
        "recording",
        never_what_the_family_can_open=r"never in anything the family can open",
        red_book=r"red book",
    ),
    *_said(
        "H33",
        "forced_marriage_or_honour_based_abuse",
        alone=r"hear them alone",
        no_mediation=r"never[^.]{0,90}bring them together",
        no_elder_or_relative=r"ask a relative, elder",
        the_unit=r"Forced Marriage Unit",
        a_crime_without_force=r"crime[^.]{0,90}even with no force",
    ),
    *_said("H33", "domestic_abuse", no_go_between=r"\bno\b[^.]{0,40}go-between"),
    *_said(
        "H34",
        "expecting_or_care_leaver_parent",
        for_both=r"refer today, for both",
        find_the_baby=r"999[^.]{0,20}find the baby",
    ),
    *_said("H34", "missed_appointments", find_the_baby=r"999[^.]{0,20}find the baby"),
    *_said(
        "H35",
        "young_person_at_risk",
        children_in_law=r"children in law",
        not_only_housing=r"not housing alone|not only housing",
    ),
    *_said("H35", "information_sharing", sixteen_is_a_child=SIXTEEN, tell_them_first=r"tell them first"),
    *_said("H35", "sexual_abuse_concern", position_of_trust=r"position of trust", never_images=r"never images"),
    *_said("H35", "images_of_children", cannot_agree_to_an_image=r"(can't|cannot) agree"),
    *_said(
        "H36",
        "child_in_care",
        the_placing_council=r"council that placed the child",
        the_reviewing_officer=r"independent reviewing officer",
        a_foster_carer_lado=r"foster carer[^.]{0,60}\?[^.]{0,40}LADO",
        age_disputed_is_a_child=r"age disputed[?:] (treat as )?a child",
        missing_is_for_the_police=r"ring the police",
    ),
    *_said(
        "H37",
        "private_fostering",
        the_limits=r"under 16 \(18 if disabled\), 28 days",
        tell_the_council=r"tell the council",
    ),
    *_said(
        "H38",
        "home_education",
        not_itself_harm=r"not itself harm|not harm in itself",
        before_the_roll_changes=r"before the roll changes",
        check_whether_started=r"check[^.]{0,30}whether they have started",
    ),
    *_said("H39", "young_carer", an_assessment=r"young carer's assessment", unsafe_care_is_harm=r"unsafe, or too much"),
    *_said("H39", "parental_mental_health_and_substances", no_proof_of_neglect=r"caring doesn't prove neglect"),
    *_said("H40", "emergency", move_nothing=r"(don't|do not) clean up or move", as_they_say=r"unless they say so"),
    *_said("H40", "young_person_at_risk", the_police_now=r"missing: the police now"),
    *_said("H41", "being_heard", taking_it_back_cancels_nothing=r"taking it back, cancels nothing|cancels nothing"),
    *_said("H41", "child_has_told_me", taken_back_counts_as_told=r"taken back[^.]{0,40}counts as told"),
)
