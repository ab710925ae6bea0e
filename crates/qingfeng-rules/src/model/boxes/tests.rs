use super::Part;

#[track_caller]
fn taken(text: &str, parts: &[(Part, &str)]) {
    for (part, expected) in parts {
        assert_eq!(part.of(text).as_deref(), Some(*expected), "{part:?} of {text:?}");
    }
}

#[test]
fn name_and_elements_are_told_apart() {
    use Part::{Benefit, Brand, BrandKind, Elements, Model, Name};
    taken(
        "圆珠笔|1|3|塑料|品牌:得力|型号:6506",
        &[
            (Name, "圆珠笔"),
            (Elements, "1|3|塑料|品牌:得力|型号:6506"),
            (BrandKind, "1"),
            (Benefit, "3"),
            (Brand, "得力"),
            (Model, "6506"),
        ],
    );
    taken(
        "4|3|用途：装饰|材质：塑料|品牌：无|型号：A-1",
        &[(BrandKind, "4"), (Benefit, "3"), (Brand, "无"), (Model, "A-1")],
    );
    taken(
        "手机\n4G，品牌:NOKLA，型号:1100",
        &[(Name, "手机"), (Brand, "NOKLA"), (Model, "1100"), (BrandKind, "")],
    );
    taken("订书机;塑料制;得力牌;0391", &[(Name, "订书机"), (Brand, "得力"), (BrandKind, ""), (Benefit, "")]);
    taken("棉袜|无品牌|100%棉", &[(Brand, "无品牌"), (BrandKind, "")]);
    taken("品牌类型:境外品牌|出口享惠情况:不享惠|扑克牌盒", &[(BrandKind, "境外品牌"), (Benefit, "不享惠")]);
    taken("水泵|流量:100|6", &[(BrandKind, ""), (Benefit, ""), (Brand, ""), (Model, "")]);
    taken("笔|1|3|品牌（中文或外文名称）:得力", &[(Brand, "得力")]);
    taken("笔 品牌:得力 型号:6506", &[(Brand, "得力"), (Model, "6506")]);
    taken("PEN|BRAND:NEW ERA|MODEL:X 1", &[(Brand, "NEW ERA"), (Model, "X 1")]);
    taken("  ", &[(Name, ""), (Elements, ""), (Brand, "")]);
    taken("T恤/男式", &[(Name, "T恤/男式"), (Elements, "")]);
}

#[test]
fn quantities_have_their_units() {
    use Part::{LegalQuantity, LegalUnit, NetKg, Quantity, SecondLegalQuantity, SecondLegalUnit, Unit};
    taken("1000支", &[(Quantity, "1000"), (Unit, "支"), (LegalQuantity, "1000"), (NetKg, "")]);
    taken(
        "1200.5千克/1000支",
        &[
            (Quantity, "1000"),
            (Unit, "支"),
            (LegalQuantity, "1200.5"),
            (LegalUnit, "千克"),
            (NetKg, "1200.5"),
            (SecondLegalQuantity, ""),
        ],
    );
    taken(
        "500台\n1,750.00千克\n500 台",
        &[
            (Quantity, "500"),
            (Unit, "台"),
            (LegalUnit, "台"),
            (SecondLegalQuantity, "1,750.00"),
            (SecondLegalUnit, "千克"),
            (NetKg, "1,750.00"),
        ],
    );
    taken("2吨//40 箱", &[(NetKg, "2000"), (Quantity, "40"), (Unit, "箱")]);
    taken("1000.00千克 500.00件", &[(NetKg, "1000.00"), (Quantity, "500.00"), (Unit, "件")]);
    taken("0.3 g", &[(NetKg, "0.0003")]);
    taken("100", &[(Quantity, "100"), (Unit, "")]);
    taken("１２００千克／６００００支", &[(NetKg, "1200"), (Quantity, "60000"), (Unit, "支")]);
    taken("1200千克，60000支", &[(NetKg, "1200"), (Quantity, "60000")]);
    taken("2担/3斤", &[(NetKg, "1.5")]);
    for text in
        ["约100支", "1支/2支/3支/4支", "1e3支", "1/2支", "1 200千克/5支", "支60000", "无", "1200千克/无"]
    {
        for part in [Quantity, Unit, LegalQuantity, LegalUnit, NetKg] {
            assert_eq!(part.of(text), None, "{text}");
        }
    }
}

#[test]
fn price_total_and_currency_are_three() {
    use Part::{Currency, Total, UnitPrice};
    for text in ["0.25/250.00/USD", "0.25 250.00 USD", "0.25\n250.00\nUSD", "0.25 / 250.00 / USD"] {
        taken(text, &[(UnitPrice, "0.25"), (Total, "250.00"), (Currency, "USD")]);
    }
    taken("12.5/1,250.00/人民币", &[(Total, "1,250.00"), (Currency, "人民币")]);
    taken("０．４６／２７６００／ＵＳＤ", &[(UnitPrice, "0.46"), (Total, "27600"), (Currency, "USD")]);
    for text in ["250.00/USD", "27600", "USD/0.46/27600", "0.46/27600"] {
        for part in [UnitPrice, Total, Currency] {
            assert_eq!(part.of(text), None, "{text}");
        }
    }
}

#[test]
fn documents_have_codes() {
    let codes = Part::DocumentCodes;
    taken("B:310000116000001;E：2016-1", &[(codes, "B E"), (Part::Whole, "B:310000116000001;E：2016-1")]);
    taken("e", &[(codes, "e")]);
    taken("代理报关委托协议", &[(codes, "")]);
}
