//! What the command says in two languages: every word and sentence once, English beside Chinese.
//!
//! An entry without arguments is a word; one with arguments is a sentence whose numbers come written. The compiler demands
//! both languages of each.

mod told;

use std::fmt::Display;

use clap::ValueEnum;
use qingfeng::rules::codes;

use crate::numbers::{grouped, thin};

pub use told::{tell_effect, tell_watch, tell_why};

/// A language of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// English.
    En,
    /// Chinese.
    Zh,
}

macro_rules! words {
    ($(#[$attribute:meta])* impl; $($name:ident $(($($argument:ident),+))?: $en:literal, $zh:literal;)*) => {
        $(#[$attribute])*
        impl Language {
            $(words!(@entry $name $(($($argument),+))?, $en, $zh);)*
        }
    };
    (@entry $name:ident, $en:literal, $zh:literal) => {
        pub(crate) fn $name(self) -> &'static str {
            match self {
                Self::En => $en,
                Self::Zh => $zh,
            }
        }
    };
    (@entry $name:ident ($($argument:ident),+), $en:literal, $zh:literal) => {
        pub(crate) fn $name(self, $($argument: impl Display),+) -> String {
            match self {
                Self::En => format!($en),
                Self::Zh => format!($zh),
            }
        }
    };
}

words! {
    #[expect(clippy::too_many_arguments, reason = "a sentence has as many figures as it needs")]
    #[expect(clippy::wrong_self_convention, reason = "a word may begin with `from`")]
    impl;

    // Columns and headings that many tables share.
    tag: "en", "zh-Hans";
    all: "All", "合计";
    declarations: "Declarations", "报关单";
    inspected: "Inspected", "已查验";
    found: "Found", "查获";
    hit_rate: "Hit rate", "查获率";
    of_all: "Of all, estimated", "总体不合格率（估计）";
    cases: "Cases", "案件";
    major: "Major", "重大案件";
    pieces: "Pieces", "件数";
    fines_yuan: "Fines, yuan", "罚款";
    site: "Site", "查验单位";
    rule: "Rule", "规则";
    share: "Share", "占比";
    ratio: "Ratio", "比值";
    chance: "Chance", "偶然概率";
    country: "Country", "国家";
    received: "Received", "收到";
    kind: "Kind", "类型";
    month: "Month", "月份";
    destination: "Destination", "目的国";
    goods: "Goods", "商品";
    mode: "Mode", "监管方式";
    inspections: "Inspections", "查验";

    // The report and its sections.
    contents: "Contents", "目录";
    written_by(version): "Written by qingfeng {version}", "由 qingfeng {version} 生成";
    no_days: "no declarations with a day", "没有带日期的报关单";
    subtitle(time, day, pack): "Declarations of {time} · as of {day} · pack {pack}", "申报日期 {time} · 截至 {day} · 规则包 {pack}";
    section_targets: "The year against its aims", "年度目标完成情况";
    section_results: "Results", "总体情况";
    section_sites: "Sites", "环节与查验单位";
    section_destinations: "Destinations", "目的国和地区";
    section_goods: "Goods and trade modes", "商品与监管方式";
    section_violations: "Kinds of violation", "违法违规类型与处置";
    section_rules: "The worth of rules", "规则效果";
    section_capacity: "Selection and capacity", "布控与查验能力";
    section_watch: "Displacement and unequal treatment", "口岸漂移与执法统一性";
    section_surveys: "Special surveys", "专项调查";
    section_quality: "Quality of the data", "数据质量";
    section_method: "How to read the figures", "指标说明";
    figure_cases: "cases", "案件（起）";
    figure_major: "major cases", "重大案件（起）";
    figure_fines: "yuan in fines", "罚款";
    figure_pieces: "pieces", "违法违规商品（件）";
    figure_hit_rate: "of inspections found a violation", "查获率";

    // The statements at its head.
    says_nothing(declarations): "Of {declarations} declarations no inspection has a result yet: there is nothing to report.", "{declarations} 票报关单中尚无一票有查验结果，无可报告内容。";
    says_targeting(chosen, chosen_inspected, drawn, drawn_inspected, times): "Inspections chosen by rules found a violation in {chosen} of {chosen_inspected}, those drawn at random in {drawn} of {drawn_inspected}{times}", "人工分析布控（规则布控）查验 {chosen_inspected} 票，查获率 {chosen}；随机布控查验 {drawn_inspected} 票，查获率 {drawn}{times}";
    says_times(times): ": {times} times as often.", "，前者为后者的 {times} 倍。";
    says_no_comparison(drawn): "Only {drawn} inspections drawn at random have a result: too few to say what targeting is worth against chance.", "随机布控中仅 {drawn} 票有结果，不足以与人工分析布控的查获率比较。";
    says_missed(of, violating, low, high, found, share, rest): "By the draw, about {violating} declarations ({low} to {high}) violate{of}; {found} of them were found, {share}.{rest}", "据随机布控推算，{of}约有 {violating} 票（{low} 至 {high} 票）存在违法违规，其中查获 {found} 票，占 {share}。{rest}";
    says_covered(covered): " among the {covered} that it speaks of", "在其覆盖的 {covered} 报关单中";
    says_not_covered(rest): " Of the other {rest} nothing is known.", "其余 {rest} 情况未知。";
    says_harmful_one(rule): "Rule {rule} does harm: it adds risk where less is found, or relieves where more is.", "规则 {rule} 有害：在查获更少之处加险，或在查获更多之处减免。";
    says_harmful(count, rules): "{count} rules do harm, among them {rules}: they add risk where less is found, or relieve where more is.", "{count} 条规则有害（{rules} 等）：在查获更少之处加险，或在查获更多之处减免。";
    says_open(open, planned, share): "{open} of {planned} planned inspections, {share}, have no coded result; they count neither as found nor as clear.", "计划查验 {planned} 票，其中 {open} 票（{share}）未反馈或未规范录入结果，既不计为查获，也不计为正常。";
    says_aim(done, aim, year, rest): "{done} cases of the {aim} aimed at in {year}{rest}", "{year} 年目标案件 {aim} 起，已完成 {done} 起{rest}";
    says_needed(a_month): "; {a_month} a month are needed in the days left.", "，余下时间每月需 {a_month} 起。";
    says_no_day_left: ", and no day is left.", "，本年度已结束。";
    says_capacity(inspections, share): "{inspections} inspections used {share} of the capacity of the days planned.", "查验 {inspections} 票，占计划日查验能力的 {share}。";
    full_stop: ".", "。";

    // Results, sites, destinations, goods.
    chart_inspected: "Inspected and found, by month", "各月查验与查获（票）";
    chart_cases: "Cases and major cases, by month", "各月案件与重大案件（起）";
    by_month: "By month of the declaration", "按申报月份";
    by_selection: "By reason of selection", "按布控方式";
    selected: "Selected", "布控方式";
    by_channel: "By channel", "按通道";
    channel: "Channel", "通道";
    sites_overlap: "A declaration counts at each of its sites: a consignment from a producing area that leaves by a port is in both rows, so rows do not add up.", "一票报关单计入其所属的每个查验单位：出口产地货物经口岸出口，两行均计入，故各行不可相加。";
    chart_sites: "Cases by site", "各查验单位案件（起）";
    chart_site_kinds: "Hit rate by kind of site, per cent", "各环节查获率（%）";
    by_site_kind: "By kind of site", "按环节";
    by_site: "By site", "按查验单位";
    regions_overlap: "Regions are those of the pack; a country may be in several, so rows do not add up.", "区域以规则包为准；一国可属于多个区域，故各行不可相加。";
    chart_regions: "Violations found by region", "各区域查获（票）";
    chart_destinations: "Violations found by destination", "各目的国查获（票）";
    by_region: "By region", "按区域";
    region: "Region", "区域";
    regions_and_goods: "Regions and goods", "区域与商品";
    matrix_note: "Hit rate, found of inspected, and after ≈ the estimate for all declarations, where enough were drawn. The deeper the colour, the higher the hit rate is at least (lower end of its interval); without colour nothing was inspected.", "查获率、查获数/查验数；≈ 后为全部报关单不合格率的估计（随机布控足够时）。颜色越深，查获率的置信下限越高；无底色表示未查验。";
    most_found_at: "Destinations with the most found", "查获最多的目的国";
    first_of(destinations): "The first of {destinations} destinations.", "共 {destinations} 个目的国，仅列前若干个。";
    decisive_line: "A declaration counts in the goods group and the mode of its decisive line.", "报关单按其决定性商品项的类别和监管方式计入。";
    chart_goods: "Violations found by goods group", "各类商品查获（票）";
    chart_goods_rate: "Hit rate by goods group, per cent", "各类商品查获率（%）";
    by_goods: "By goods group", "按商品类别";
    by_mode: "By trade mode", "按监管方式";
    by_class: "By class of trader", "按企业类别";
    class: "Class", "类别";
    no_violation: "No violation was found.", "未查发违法违规。";
    by_kind: "By kind", "按类型";
    by_disposal: "What became of the goods", "处置方式";
    disposal: "Disposal", "处置";
    kind_of_violation: "Kind of violation", "违法违规类型";
    goods_lines: "Goods lines", "商品项";
    value: "Value", "货值";
    value_in(unit): "Value, {unit}", "货值（{unit}）";

    // Selection and capacity.
    no_plan: "No plan was given, or it has no inspections.", "未提供计划，或计划中没有查验。";
    planned_days: "Of the days on which an office had inspections planned.", "仅含各查验单位有查验计划的日期。";
    chart_used: "Capacity used, per cent", "能力使用率（%）";
    chart_drawn: "Drawn at random, per cent of inspections", "随机布控占比（%）";
    office: "Office", "查验单位";
    days: "Days", "天数";
    mandatory: "Mandatory", "必查";
    targeted: "Targeted", "人工分析布控";
    drawn: "Drawn", "随机布控";
    share_drawn: "Share drawn", "随机占比";
    unit_inspections: "inspections", "票";
    unit_points: "points", "分";
    used_in(unit): "Used, {unit}", "已用能力（{unit}）";
    possible_in(unit): "Possible, {unit}", "查验能力（{unit}）";
    used: "Used", "使用率";

    // Surveys and the quality of the data.
    nothing_surveyed: "No declaration meets its conditions.", "没有符合条件的报关单。";
    of_inspections: "Inspections and results", "查验与结果";
    what: "What", "项目";
    count: "Count", "数量";
    of: "Of", "总数";
    planned_elsewhere: "Planned without an assessment, the first", "计划中有而无评估结果的报关单（前几票）";
    unplanned: "Results without a plan, the first", "计划外结果的报关单（前几票）";
    unknown_codes: "Codes that the pack does not have", "规则包中没有的代码";
    codes_in_all(codes): "{codes} codes in all.", "{codes} 个代码。";
    field: "Field", "字段";
    code: "Code", "代码";

    // How to read the figures.
    term_inspected: "Planned inspections with a coded result: clear or a violation. Open and waived ones are not among them.", "已规范录入结果（正常或查发违法违规）的计划查验。未反馈和免查的不计入。";
    term_cases: "Declarations with a violation; those with the same case number are one case. Against the year's aims a case is of the day on which it was found, elsewhere of the day of its declaration.", "查发违法违规的报关单计为一起，同一案号合为一起。年度目标按查获日期计，其余按申报日期计。";
    term_hit_rate: "Found of inspected, with the interval of Wilson (1927) for 95 %. Of what was selected because it was suspect it says nothing about the rest.", "查获数除以已查验数，附 Wilson（1927）95% 置信区间。因可疑而布控查验的结果不能代表其余货物。";
    term_of_all: "The share of all declarations that violate, each inspection weighted by one over the probability with which it was selected (Hájek 1971); the interval is that of the drawn (Kish 1965, Wilson 1927). Shown where at least ten drawn inspections have a result. A share in brackets below it is that of the declarations of which the estimate speaks: nothing is known of the others. Without one it speaks of all.", "全部报关单中存在违法违规的比例，每票查验按入选概率的倒数加权（Hájek 1971），区间取自随机布控部分（Kish 1965、Wilson 1927）。随机布控有结果不少于十票时列出。括号内为该估计所覆盖的报关单比例，其余情况未知；未列括号的为全部覆盖。";
    without_day: "Without a day", "无日期";
    term_without_day: "Declarations without a day are counted, since nothing says that they are outside the time of the report.", "无申报日期的报关单计入，因为无法说明其不在报告期内。";
    packs: "Packs that assessed", "评估所用规则包";

    // The year's aims.
    pace(over, year, left): "{over} days of {year} are over, {left} are left. The pace is what is needed in each month from now.", "{over} 天已过（{year} 年），余 {left} 天。“每月需”为余下时间每月所需数量。";
    major_cases: "Major cases", "重大案件";
    not_counted: "Cases of declarations that no plan selected and no tip-off or notice names, not counted: ", "未计入的案件（报关单不在任何计划内，也无举报或通报线索）：";
    notices: "Notices from abroad", "境外通报";
    tip_offs: "Tip-offs", "举报";
    visits: "Visits to enterprises", "企业走访";
    visits_made: "Visits", "走访";
    waived: "Waived", "免查";
    kind_of_site: "Kind of site", "环节";
    done: "Done", "已完成";
    aim: "Aim", "目标";
    by_now: "By now", "应完成";
    needed_a_month: "Needed a month", "每月需";
    standing: "Standing", "状态";
    planned: "Planned", "计划查验";
    open: "Open", "未反馈";
    answered: "Answered", "已答复";
    unanswered: "Open", "未答复";
    untraceable: "Untraceable", "无法溯源";
    with_case: "With a case", "已立案";
    answered_share(share): "Answered: {share}", "答复率：{share}";
    answered_aim(share): "; aim {share}", "；目标 {share}";
    median_days(days): "; median days to answer {days}", "；答复天数中位数 {days}";
    overdue(notices): "; overdue {notices}", "；逾期 {notices}";
    earlier_open(notices): "; still open of earlier years {notices}", "；以前年度未答复 {notices}";
    overdue_list: "Overdue, the oldest first", "逾期通报（最早者在前）";
    notice: "Notice", "通报";
    received_on: "Received", "收到日期";
    led: "Led somewhere", "可查";
    confirmed: "Confirmed", "查实";
    proceeds: "Proceeds, yuan", "罚没款";
    rewards: "Rewards, yuan", "奖励";

    // The worth of rules.
    no_rule_fired: "No rule fired.", "没有规则命中。";
    rules_note: "Seen is the hit rate of what was inspected, estimated that of everything on which the rule fired, as the draw tells it. Lift compares the estimate with that of all declarations. Only this rule: found where no other rule fired.", "“实际”为已查验部分的查获率，“估计”为该规则全部命中报关单的不合格率（据随机布控推算）。“提升度”为与总体不合格率之比。“唯一命中”为仅此规则命中的查获数。";
    chart_rules: "Found by the best rules", "最有效规则的查获（票）";
    chart_precision: "Hit rate if the highest scores were inspected up to this share, per cent", "按分值由高到低查验至此比例时的查获率（%）";
    harmful_rules: "To look at first: harmful", "首先检视：有害";
    best_rules: "The best rules", "最有效的规则";
    doubtful: "To look at: tired or dead", "需检视：减弱或失效";
    score_and_capacity: "Score and capacity", "分值与能力";
    state: "State", "状态";
    fired: "Fired", "命中";
    seen: "Seen", "实际";
    estimated: "Estimated", "估计";
    lift: "Lift", "提升度";
    only_this_rule: "Only this rule", "唯一命中";
    why: "Why", "原因";
    on_trial: "on trial", "试运行";
    inspected_of_all: "Inspected of all", "查验比例";
    from_score: "From score", "分值下限";
    found_estimated: "Found, estimated", "查获（估计）";
    of_all_violations: "Of all violations", "占全部违法违规";

    // Why a rule has its state.
    never_fires: "never fires", "从未命中";
    silent_since(last, days): "has not fired since {last}, for {days} days", "自 {last} 起 {days} 天未命中";
    no_finding(inspected): "no finding in {inspected} results", "{inspected} 次查验均未查获";
    no_results(least): "no results, fewer than {least}", "仅 0 次结果，少于 {least} 次";
    one_result(least): "1 result, fewer than {least}", "仅 1 次结果，少于 {least} 次";
    few_results(inspected, least): "{inspected} results, fewer than {least}", "仅 {inspected} 次结果，少于 {least} 次";
    fires_since(first, days): "fires since {first}, for {days} days", "自 {first} 起命中，仅 {days} 天";
    fell(earlier, later, p): "hit rate fell from {earlier} to {later} ({p})", "查获率由 {earlier} 降至 {later}（{p}）";
    rose(earlier, later, p): "hit rate rose from {earlier} to {later} ({p}): what it relieves is less and less clean", "查获率由 {earlier} 升至 {later}（{p}）：所减免的货物越来越不合规";
    nothing_drawn: "nothing drawn to compare with", "没有随机布控可作比较";
    bounded_rate: "a rate known only within bounds", "仅知区间的查获率";
    above_chance(rate, chance): "{rate}, above the {chance} of chance", "{rate}，高于随机水平 {chance}";
    below_chance(rate, chance): "{rate}, below the {chance} of chance", "{rate}，低于随机水平 {chance}";
    like_chance(rate, chance): "{rate}, not told apart from the {chance} of chance", "{rate}，无法区别于随机水平 {chance}";
    relieves_violators: ": it relieves what violates more often", "：所减免的正是更常违规的货物";
    burdens_the_clean: ": it adds risk where less is found", "：在查获更少之处加分";
    relieves_the_clean: ": it relieves what is cleaner", "：所减免的货物更为合规";
    side_not_known: "; good or harmful? --rules says what it is for", "；好坏未定：--rules 可说明该规则是加险还是减免";
    side_not_clear: "; its points and channels do not say what it is for", "；其分值和通道未说明是加险还是减免";
    of_covered(covered): "; of the {covered} that could be drawn", "；仅就可随机抽取的 {covered} 而言";
    of_undrawn(undrawn): "; {undrawn} of it is at offices where nothing of it was drawn", "；其中 {undrawn} 所在查验单位未随机抽取其任何一票";

    rules_not_judged: "Rules are judged by what each is for, which --rules says: without it none is harmful or tired here", "规则须按其用途评判，用途由 --rules 给出";

    // What stands out.
    watch_note: "These are signs and no proof: numbers that chance alone would seldom give. Tests of one kind are corrected for their number (Benjamini and Hochberg 1995).", "以下为线索而非证据，即单凭偶然很少出现的数字。同类检验已按次数校正（Benjamini–Hochberg 1995）。";
    stands_out: "What stands out", "值得关注的线索";
    treatment: "How sites treat the same scores", "各查验单位对同等分值的处理";
    treatment_note: "Expected is how many would be inspected if the site did as all do in the same channel and band of scores. The funnel is where 99.8 % of alike sites of its size lie.", "“预期”为该查验单位在相同通道和分值段按平均水平应查验的数量。“区间”为同规模单位 99.8% 所在范围。";
    trade_after: "Trade after rules came into force", "规则生效后的贸易变化";
    under_limits: "Just under value limits", "紧贴限额申报";
    still_open: "Inspections still open", "尚未反馈的查验";
    nothing_stands_out: "Nothing stands out beyond chance.", "未发现超出偶然的线索。";
    sign: "Sign", "线索";
    sign_of: "Of", "对象";
    size: "Size", "程度";
    in_words: "In words", "说明";
    may_mean(meaning, next): "It may mean: {meaning}. Next: {next}.", "可能含义：{meaning}。下一步：{next}。";
    json_has_all: "The JSON has all of them.", "完整列表见 JSON。";
    share_inspected: "Share inspected", "查验比例";
    at_equal_scores: "At equal scores", "同分值比例";
    expected_inspections: "Expected", "预期查验";
    inspected_by_expected: "Ratio", "实际/预期";
    funnel: "Funnel", "区间";
    expected_found: "Expected", "预期查获";
    since: "Since", "生效日";
    caught_before: "Caught before", "此前命中";
    caught_after: "After", "此后命中";
    went_to: "Went to, the strongest evidence", "可能去向（证据最强）";
    limit: "Limit", "限额";
    near_limit: "90 to 100 % of it", "限额的 90% 至 100%";
    expected: "Expected", "预期";
    all_coded: "Every inspection has a coded result.", "所有查验均已规范录入结果。";
    nothing_came_back: "Nothing came back", "无反馈";
    not_coded: "Not coded", "未规范录入";
    in_part: "In part", "部分";
    late: "Late", "逾期";
    shift_caught: "elsewhere", "其他";
    shift_port: "another port", "其他口岸";
    shift_mode: "another mode", "其他监管方式";
    shift_code: "another code", "其他编码";
    shift_exporters_port: "its exporters at", "原企业改至";
    shift_exporters_mode: "its exporters by", "原企业改用";
    shift_exporters_code: "its exporters under", "原企业改报";
    shift_new_exporters: "new exporters", "新企业";

    // Kinds of signs, what they may mean, and what to look at next.
    displacement: "Trade moved", "口岸漂移（改道、改报）";
    displacement_means: "trade may be going round the rule; a season, a new line or a change of business looks the same", "贸易可能正在绕开该规则；季节、新航线或经营变化也会有同样表现";
    displacement_next: "draw some of this trade at random for inspection, and ask who moved", "对这部分贸易随机布控，并查明哪些企业转移";
    just_under: "Just under a limit", "紧贴限额";
    just_under_means: "consignments may be split, or values set, to stay under the limit", "货物可能被拆分或价值被压低，以免超过限额";
    just_under_next: "look for declarations of the same exporter, day and goods that together exceed the limit", "查找同一企业、同日、同类货物合计超限的报关单";
    trader_under: "Trader just under a limit", "企业紧贴限额";
    trader_under_means: "the trader may split consignments or set values to stay under the limit; goods sold in one size look the same", "该企业可能拆分货物或压低价值以免超过限额；按固定规格销售的货物也会有同样表现";
    trader_under_next: "look for its declarations of the same day and goods that together exceed the limit", "查找其同日、同类货物合计超限的报关单";
    unequal_treatment: "Unequal treatment", "查验力度不一";
    unequal_treatment_means: "traders may choose the site; its capacity or its share of random inspections may be another reason", "企业可能选择该查验单位；查验能力或随机比例不同也可能是原因";
    unequal_treatment_next: "compare its capacity, its overrides and its plan", "比较其查验能力、人工改派和计划";
    unequal_findings: "Unequal findings", "查获结果不一";
    unequal_findings_means: "inspections may be done or recorded differently, or goods differ in what scores do not see", "查验方式或记录口径可能不同，或者评分未能反映货物差异";
    unequal_findings_next: "exchange inspectors or repeat some inspections of both kinds", "交流查验人员，或对两类结果各复查一部分";
    harmful: "Rule does harm", "规则有害";
    harmful_means: "it adds risk where less is found than by chance, or relieves where more is: each inspection that follows it is better made elsewhere", "在查获低于随机水平之处加险，或在高于随机水平之处减免：按其布控不如布控别处";
    harmful_next: "end it, or turn it round after a look at `qingfeng effect --rule` and at what it fires with", "查看 `qingfeng effect --rule` 及与其同时命中的规则后停用或反向修改";
    tired: "Rule becomes worse", "规则减弱";
    tired_means: "traders may have learned the rule, or what it looks for is gone", "企业可能已了解该规则，或规则所针对的现象已消失";
    tired_next: "look at its last findings and at `qingfeng why-not`, then make it a shadow rule or retire it", "查看其最近查获和 `qingfeng why-not`，再改为试运行规则或停用";
    dead: "Rule is dead", "规则失效";
    dead_means: "its reference data or its condition may no longer fit the trade, or what it looks for is not there", "参考数据或条件可能已不符合当前贸易，或规则所针对的现象并不存在";
    dead_next: "ask `qingfeng why-not` for it", "用 `qingfeng why-not` 查看原因";
    results_open: "Results are open", "结果未反馈";
    results_open_means: "results are not sent or not coded; hit rates of these rules and sites are not known until they are", "结果未报送或未规范录入；在此之前相关规则和查验单位的查获率未知";
    results_open_next: "ask the site for the results listed", "向该查验单位催报所列结果";

    // Signs in words.
    to_port(at): "to port {at}", "经口岸 {at} 的贸易";
    to_mode(at): "to mode {at}", "以监管方式 {at} 申报的贸易";
    to_code(at): "to code {at}", "以编码 {at} 申报的贸易";
    exporters_to_port(at): "of its exporters to port {at}", "原命中企业经口岸 {at} 的贸易";
    exporters_to_mode(at): "of its exporters to mode {at}", "原命中企业以监管方式 {at} 申报的贸易";
    exporters_to_code(at): "of its exporters to code {at}", "原命中企业以编码 {at} 申报的贸易";
    to_new_exporters: "to new exporters", "由新企业申报的贸易";
    unit_exporters: "exporters", "家企业";
    unit_consignments: "consignments", "批";
    against_all: "all other trade", "全部其他贸易";
    against_port(at): "other trade at {at}", "口岸 {at} 的其他贸易";
    against_mode(at): "other trade in mode {at}", "监管方式 {at} 的其他贸易";
    against_new_exporters: "exporters as new with other trade", "从事其他贸易的新企业";
    catches(times): "; what it catches is {times} times as much", "；规则命中的贸易为此前的 {times} 倍";
    moved(rule, since, to, times, low, high, p, against, unit, before, after, value_before, value_after, catches): "rule {rule}, since {since}: trade {to} is {times} times as much as before ({low} to {high}, {p}), against {against}: {before} {unit} before, {after} after, value {value_before} and {value_after}{catches}", "规则 {rule} 自 {since} 起：{to}为此前的 {times} 倍（{low} 至 {high}，{p}），与{against}相比；此前 {before}{unit}，此后 {after}{unit}，货值 {value_before} 和 {value_after}{catches}";
    most_at(name, under, expected): "; most at {name}: {under} against {expected}", "；最多的查验单位 {name}：{under} 票，预期 {expected} 票";
    most_by(name, under, expected): "; most by {name}: {under} against {expected}", "；最多的企业 {name}：{under} 票，预期 {expected} 票";
    gathers(mode, limit, under, times, expected, low, high, p, above, most): "mode {mode}, limit {limit}: {under} declarations from 90 % of the limit to the limit, {times} times the {expected} of a smooth distribution ({low} to {high}, {p}); {above} above it to 110 %{most}", "监管方式 {mode}，限额 {limit}：限额 90 % 至限额之间有 {under} 票，为平滑分布预期 {expected} 票的 {times} 倍（{low} 至 {high}，{p}）；限额以上至 110 % 有 {above} 票{most}";
    crowds(trader, mode, limit, under, expected, below, p): "{trader}, mode {mode}, limit {limit}: {under} declarations from 90 % of the limit to the limit, {expected} expected beside its {below} from 40 to 90 % ({p})", "企业 {trader}，监管方式 {mode}，限额 {limit}：限额 90 % 至限额之间有 {under} 票，按其限额 40 % 至 90 % 之间的 {below} 票预期为 {expected} 票（{p}）";
    sites_differ(apart, sites): "{apart} of {sites} sites inspect more or less than all do at the same scores, as sites do whose capacities do not follow their trade. Signs are those that stand out among them.", "{sites} 个查验单位中有 {apart} 个在同等分值下的查验比例偏离平均水平，查验能力与贸易量不匹配时即会如此；其中突出者方列为线索。";
    finds_unknown: "too few results to compare what it finds", "结果过少，无法比较查获情况";
    finds_alike(hits, of): "it finds {hits} of {of} inspected, no more and no less than others", "查验 {of} 票查获 {hits} 票，与其他单位无异";
    finds_times(times): "it finds {times} times what others do", "查获为其他单位的 {times} 倍";
    treats(site, inspected, declarations, times, low, high, p, mandatory, targeted, random, finds): "{site} inspects {inspected} of {declarations} declarations, {times} times what all sites do at the same scores (alike sites: {low} to {high}, {p}); {mandatory} mandatory, {targeted} targeted, {random} drawn; {finds}", "{site} 在 {declarations} 票中查验 {inspected} 票，为同等分值平均水平的 {times} 倍（同类单位 {low} 至 {high}，{p}）；必查 {mandatory}、人工分析布控 {targeted}、随机布控 {random}；{finds}";
    finds(site, found, inspected, times, expected, p): "{site} finds {found} in {inspected} inspections, {times} times the {expected} of all sites at the same scores ({p})", "{site} 查验 {inspected} 票查获 {found} 票，为同等分值平均水平 {expected} 票的 {times} 倍（{p}）";
    look_at_it: "look at it", "复核";
    retire_it: "retire it", "停用";
    rule_sign(rule, reason, fired, proposal): "rule {rule}: {reason}; it fired on {fired} declarations; proposal: {proposal}", "规则 {rule}：{reason}；共命中 {fired} 票；建议：{proposal}";
    stays_open(site, open, inspections, late, days, nothing, uncoded, partly): "{site}: {open} of {inspections} inspections are open, {late} for more than {days} days; {nothing} without any answer, {uncoded} not coded, {partly} in part", "{site}：{inspections} 次查验中 {open} 次未反馈，其中 {late} 次超过 {days} 天；无任何反馈 {nothing}、未规范录入 {uncoded}、部分 {partly}";

    // Lists of inspections.
    list_title: "Inspections of the day", "当日查验清单";
    list_declaration: "Declaration", "报关单号";
    list_selected: "Selected", "布控来源";
    list_likely: "Chance", "概率";
    list_score: "Score", "分值";
    list_goods: "Goods", "商品类别";
    list_trader: "Trader", "企业";
    list_items: "Items", "项数";
    list_packages: "Packages", "件数";
    list_cost: "Cost", "工作量";
    list_result: "Result", "查验结果";
    list_mandatory: "mandatory", "必查";
    list_targeted: "targeted", "人工分析布控";
    list_random: "random", "随机布控";
    list_added: "added", "追加布控";
    list_dropped: "dropped", "撤销布控";
    list_rerouted: "rerouted", "改派（转查）";
    list_to: "to", "至";
    list_from: "from", "自";
    list_by: "by", "经办";
    list_with: "with", "复核";
    list_unknown: "not in the assessments: nothing is known of it", "评估结果中无此单，情况不明";
    list_unreadable: "could not be read", "无法读取";
    list_one_in: "1 in", "1 /";
    list_rules: "Rules on this list", "本清单涉及的规则";
    list_inspection: "inspection", "票";
    list_capacity: "capacity", "查验能力";
    list_certain: "certain", "100 %";
    list_commitment: "Commitment of the day's key", "当日密钥承诺值";
    list_no_draw: "none, nothing was drawn", "无，当日未抽取";
    list_officer: "Officer, date, signature", "查验人员、日期、签名";
    list_by_quota(quota): "quota {quota}", "按查验指标布控：{quota}";
    list_young(rule): "exploration: rule {rule} is young", "探索：规则 {rule} 积累的结果尚少";
    list_expected(share): "a finding is expected in {share} of 100 such inspections", "预期每百票此类查验查获 {share} 票";
    list_drawn_among(population, stratum): "drawn among {population} of {stratum}", "在 {population} 票（{stratum}）中随机抽中";
    list_stratum_joint: "/", "，";
    list_forces(rule, channel): "rule {rule} forces {channel}", "规则 {rule} 要求“{channel}”";
    list_has_tag(rule, tag): "rule {rule} has the tag {tag}", "规则 {rule} 带有必查标签 {tag}";
    list_item(item, field): "item {item}: {field}", "第 {item} 项：{field}";
    list_by_ticket: "drawn by its ticket", "随机布控抽中";
    list_empty: "The plan has no inspections.", "计划中没有查验。";
    list_pack: "Pack", "规则包";
}

words! {
    // The console of the service, which not every command has.
    #[cfg(feature = "serve")]
    impl;

    serve_title: "What runs", "运行情况";
    serve_why(id): "Why: {id}", "判定依据：{id}";
    serve_pack: "Pack", "规则包";
    serve_name: "Name and version", "名称与版本";
    serve_digest: "Digest", "摘要";
    serve_snapshot: "Snapshot of the store", "名单库快照";
    serve_since: "In force since", "生效时间";
    serve_started: "Service started", "服务启动时间";
    serve_disk: "On the disk", "磁盘上的规则包";
    serve_same: "the same", "与运行中的一致";
    serve_unreadable: "cannot be opened", "无法打开";
    serve_rules: "Rules", "规则";
    serve_active: "active", "生效";
    serve_shadowing: "shadow", "影子";
    serve_draft: "draft", "草稿";
    serve_retired: "retired", "停用";
    serve_lines: "Goods lines", "商品项";
    serve_rejected: "Rejected", "拒收";
    serve_waiting: "Waiting", "排队";
    serve_refused(at): "The pack on the disk was refused at {at}; the one before runs on.", "{at} 磁盘上的规则包被拒绝，原规则包继续运行。";
    serve_stale: "The pack on the disk is another one than runs.", "磁盘上的规则包与运行中的不同。";
    serve_reloads: "Reloads", "规则包更换记录";
    serve_outcome: "Outcome", "结果";
    serve_what: "Why, and what changed", "原因与变化";
    serve_accepted: "accepted", "已生效";
    serve_unchanged: "unchanged", "无变化";
    serve_broken: "refused: broken", "拒绝：有错误";
    serve_tests_fail: "refused: tests fail", "拒绝：测试未通过";
    serve_too_much: "refused: too much change", "拒绝：变化过大";
    serve_other: "refused: another digest", "拒绝：摘要不符";
    serve_changed(changed, compared, share): "{changed} of {compared} declarations would go to another channel ({share}).", "{compared} 票报关单中 {changed} 票通道改变（{share}）。";
    serve_skipped(skipped): "{skipped} were not compared for want of time.", "另有 {skipped} 票因繁忙未比对。";
    serve_shadow: "Shadow pack", "影子规则包";
    serve_from: "From", "原通道";
    serve_to: "To", "新通道";
    serve_rules_fired: "Rules that fired or faulted", "命中或出错的规则";
    serve_fired: "Fired on lines", "命中项数";
    serve_faults: "Faults", "出错";
    serve_silent(count): "{count} other rules did neither since the start.", "其余 {count} 条规则自启动以来未命中、未出错。";
    serve_recent: "The last declarations", "最近的报关单";
    serve_score: "Score", "评分";
    serve_at: "At", "时间";
    serve_item(number): "Item {number}", "第 {number} 项";
    serve_decides: "decides", "决定项";
    serve_points: "Points", "分值";
    serve_ceiling: "At most", "最高通道";
    serve_floor: "At least", "最低通道";
    serve_reason: "Reason", "依据";
    serve_none_fired: "No rule fired.", "没有规则命中。";
    serve_values: "Values", "申报内容";
    serve_possible: "Possible", "可能的结果";
    serve_missing: "Missing, and could change the channel", "缺少且可能改变通道的字段";
}

/// The names that data have of themselves: name, English, Chinese.
const NAMES: &[(&str, &str, &str)] = &[
    ("other", "none of these", "其他"),
    ("all", "all", "合计"),
    ("mandatory", "Mandatory", "必查"),
    ("targeted", "Targeted", "人工分析布控（规则布控）"),
    ("random", "Drawn at random", "随机布控"),
    ("port", "Ports", "口岸"),
    ("market", "Procurement markets", "市场采购地"),
    ("market-office", "Markets by office of declaration", "市场采购申报海关"),
    ("production", "Producing areas", "出口产地"),
    ("yard", "Airports, post and e-commerce", "空港、邮快件和电商监管场所"),
    ("border", "Border areas", "边贸口岸"),
    ("follow-up", "follow-up", "线索须回复"),
    ("counterfeit", "Counterfeit", "侵权假冒"),
    ("fake", "Fake", "掺假造假"),
    ("inferior", "Inferior", "以次充好"),
    ("safety", "Safety defect", "安全不合格"),
    ("health", "Health defect", "卫生不合格"),
    ("environment", "Environmental defect", "环保不合格"),
    ("misdeclared", "Misdeclared", "申报不实"),
    ("destroyed", "Destroyed", "销毁"),
    ("returned", "Returned", "退运"),
    ("confiscated", "Confiscated", "没收"),
    ("rectified", "Put right and released", "整改后放行"),
    ("unknown", "not stated", "未说明"),
    ("known", "Known traders", "一般信用企业"),
    ("unnamed", "No trader given", "未申报企业"),
    ("found-before", "Found before", "有违法记录企业"),
    ("trusted", "Trusted", "AA/A 类（认证）企业"),
    ("new", "New traders", "新备案企业"),
    ("green", "Green", "绿：直接放行"),
    ("blue", "Blue", "蓝：放行后核（稽）查"),
    ("yellow", "Yellow", "黄：单证审核"),
    ("red", "Red", "红：开箱查验"),
    ("tip-offs and notices", "By tip-offs and notices", "举报和通报线索"),
    ("reached", "reached", "已完成"),
    ("ahead", "ahead", "进度超前"),
    ("behind", "behind", "进度落后"),
    ("missed", "missed", "未完成"),
    // Checks of the data.
    ("out_of_time", "Outside the time of this report, not counted", "不在报告期内，未计入"),
    ("without_day", "Without a day", "无申报日期"),
    ("without_trader", "Without a trader", "未申报企业"),
    ("without_site", "At none of the pack's sites", "不属于任何查验单位"),
    ("without_destination", "Without a destination", "无目的国"),
    ("in_no_region", "Destination in none of the pack's regions", "目的国不在任何区域内"),
    ("without_mode", "Without a trade mode", "无监管方式"),
    ("without_value", "Without a value", "无货值"),
    ("group_other", "Goods in none of the policy's groups", "商品不属于任何类别"),
    ("nothing_came_back", "Planned, and no result came back", "已列入计划，无结果反馈"),
    ("result_open", "Result not coded, or waived without a reason", "结果未规范录入，或免查无理由"),
    ("waived", "Waived with a reason", "有理由免查"),
    ("result_before_inspection", "Result of a day before the inspection", "结果日期早于查验日期"),
    ("result_without_day", "Results without a day", "结果无日期"),
    ("violation_without_pieces", "Violations without a number of pieces", "查发结果无件数"),
    ("violation_without_value", "Violations without a value", "查发结果无货值"),
    ("violation_without_case", "Violations without a case number", "查发结果无案号"),
    ("violation_without_disposal", "Violations without what became of the goods", "查发结果无处置方式"),
    ("results_rejected", "Rows of results that cannot be read, not counted", "无法读取的结果行，未计入"),
    ("results_corrected", "Results that a later one replaced", "被后续结果更正的结果"),
    ("without_chance", "Declarations that no draw could choose", "无随机布控可能的报关单"),
    ("good", "Good", "良好"),
    ("harmful", "Harmful", "有害"),
    ("cannot be told", "Cannot be told", "无法判断"),
    ("young", "Young", "数据不足"),
    ("tired", "Tired", "减弱"),
    ("dead", "Dead", "失效"),
    ("planned_elsewhere", "Planned, but not among the assessments", "计划中有，评估结果中无"),
    ("unplanned", "Results of declarations that no plan has, not counted", "计划外的结果，未计入"),
    ("destination", "Destination", "目的国"),
    ("mode", "Trade mode", "监管方式"),
    ("site", "Site", "查验单位"),
    ("region", "Region", "区域"),
    ("kind", "Kind of site", "环节"),
    ("group", "Goods", "商品类别"),
    ("class", "Class of trader", "企业类别"),
    ("channel", "Channel", "通道"),
    ("currency of the pack", "currency of the pack", "规则包统一币种"),
    ("rule", "Rule", "规则"),
];

impl Language {
    /// The word for a name that needs one.
    pub(crate) fn name(self, name: &str) -> Option<&'static str> {
        let (_, en, zh) = NAMES.iter().find(|(known, _, _)| *known == name)?;
        Some(match self {
            Self::En => en,
            Self::Zh => zh,
        })
    }

    /// Of a title in English and in Chinese the one to show; in English where there is no Chinese one.
    pub(crate) fn titled<'t>(self, title: &'t str, title_zh: Option<&'t str>) -> &'t str {
        title_zh.filter(|zh| self == Self::Zh && !zh.is_empty()).unwrap_or(title)
    }

    /// A whole number with its thousands apart, as the rest of a page has it.
    pub(crate) fn digits(self, number: impl Into<i128>) -> String {
        match self {
            Self::En => grouped(number),
            Self::Zh => thin(number),
        }
    }

    /// What people call the unit of a value: its currency, where it is one.
    pub(crate) fn unit(self, unit: &str) -> &str {
        match codes::table("currency").and_then(|currencies| currencies.find(unit)) {
            Some(currency) if self == Self::Zh => currency.title_zh,
            _ => self.named(unit),
        }
    }

    /// The same, or the name itself.
    pub(crate) fn named(self, name: &str) -> &str {
        self.name(name).unwrap_or(name)
    }
}
