//! The goods that are traded: those of the campaign's groups and ordinary ones.
//!
//! Codes and names of an entry belong together in their order. Prices are in thousandths of a US dollar a
//! unit, masses in grams a unit. Mobile phones and their parts carry codes of two editions of the Harmonized
//! System (8517.12 and 8517.70 before 2022, 8517.13, .14 and .79 since), as data of several years does.

use super::goods::{Family::*, Goods, Unit::*};

/// One entry on three lines: family, weight, codes; English and Chinese names; unit, price, mass, lot,
/// provinces.
macro_rules! goods {
    ($($family:ident $weight:literal $hs:tt $english:tt $chinese:tt
       $unit:ident $price:literal mills $grams:literal g lot $lot:literal from $provinces:tt;)*) => {
        &[$(Goods {
            family: $family,
            weight: $weight,
            hs: &$hs,
            english: &$english,
            chinese: &$chinese,
            unit: $unit,
            price_mills: $price,
            unit_grams: $grams,
            lot: $lot,
            provinces: &$provinces,
        }),*]
    };
}

/// Goods of the campaign's groups.
pub(super) const CAMPAIGN: &[Goods] = goods! {
    Luxury 5 ["4202210090", "4202310090"]
        ["women's leather handbag", "leather wallet"] ["女式真皮手提包", "真皮钱包"]
        Pcs 21000 mills 620 g lot 800 from [44, 33];
    Luxury 8 ["9102110000", "9102120000", "9102210090"]
        ["quartz wrist watch", "alloy case quartz watch"] ["石英手表", "合金壳石英腕表"]
        Pcs 3900 mills 75 g lot 3000 from [44, 35];
    Luxury 8 ["9004100000"]
        ["plastic frame sunglasses", "polarized sunglasses"] ["塑料架太阳镜", "偏光太阳眼镜"]
        Pcs 1150 mills 32 g lot 6000 from [33, 35, 44];
    Luxury 5 ["3303000010", "3303000090"]
        ["eau de toilette spray", "perfume for women 100 ml"] ["香水", "女士淡香水 100毫升"]
        Pcs 2300 mills 310 g lot 4000 from [33, 44];
    Luxury 9 ["7117190000", "7117900000"]
        ["imitation jewellery necklace", "alloy earrings set", "imitation pearl bracelet"]
        ["仿首饰项链", "合金耳环套装", "仿珍珠手链"]
        Pcs 420 mills 18 g lot 15000 from [33, 37, 44];
    Luxury 4 ["6214300000", "6214900090"]
        ["woven polyester scarf", "printed long shawl"] ["涤纶机织围巾", "印花长披肩"]
        Pcs 1500 mills 120 g lot 6000 from [33, 32];
    Luxury 5 ["6505009900", "6505002000"]
        ["knitted winter hat", "embroidered baseball cap"] ["针织冬帽", "绣花棒球帽"]
        Pcs 980 mills 90 g lot 8000 from [37, 32, 44];
    Apparel 24 ["6109100021", "6109100022", "6109909050"]
        ["men's cotton t-shirt", "printed short sleeve t-shirt", "women's knitted vest"]
        ["棉制针织男T恤衫", "印花短袖T恤", "女式针织背心"]
        Pcs 1900 mills 165 g lot 6000 from [44, 35, 33, 36];
    Apparel 14 ["6203429062", "6203439090", "6103430092"]
        ["men's denim jeans", "men's polyester trousers", "sports pants"] ["男式牛仔裤", "化纤男裤", "运动长裤"]
        Pcs 5200 mills 520 g lot 2500 from [44, 35, 33];
    Apparel 13 ["6204430090", "6204620000", "6104430000"]
        ["women's polyester dress", "women's cotton trousers", "knitted long dress"]
        ["女式涤纶连衣裙", "女式棉长裤", "针织长裙"]
        Pcs 5600 mills 360 g lot 2200 from [44, 33, 32];
    Apparel 11 ["6110200090", "6110300090"]
        ["knitted cotton pullover", "acrylic cardigan sweater"] ["棉制针织套头衫", "腈纶开襟毛衫"]
        Pcs 4100 mills 380 g lot 2600 from [33, 44, 32];
    Apparel 10 ["6201939000", "6101300000"]
        ["men's padded jacket", "men's windbreaker with hood"] ["男式棉服", "男式连帽风衣"]
        Pcs 11500 mills 820 g lot 1200 from [35, 33, 32];
    Apparel 8 ["6115950000", "6115960000"]
        ["cotton socks", "nylon panty hose"] ["棉袜", "尼龙连裤袜"]
        Pair 360 mills 42 g lot 24000 from [33, 37];
    Apparel 8 ["6212109090", "6205200099"]
        ["women's brassiere", "men's cotton shirt"] ["女式胸罩", "男式棉衬衫"]
        Pcs 2900 mills 190 g lot 4000 from [44, 35, 33];
    Footwear 18 ["6402992900", "6402993000"]
        ["rubber sole sports shoes", "plastic slippers", "eva sandals"] ["橡胶底运动鞋", "塑料拖鞋", "EVA凉鞋"]
        Pair 3400 mills 610 g lot 4000 from [35, 33, 44];
    Footwear 8 ["6403990090", "6403919990"]
        ["men's leather shoes", "women's leather ankle boots"] ["男式皮鞋", "女式短皮靴"]
        Pair 12500 mills 940 g lot 1200 from [44, 33, 51];
    Footwear 12 ["6404110000", "6404199000"]
        ["canvas sports shoes", "textile upper running shoes"] ["帆布运动鞋", "纺织面跑鞋"]
        Pair 5100 mills 680 g lot 3000 from [35, 33];
    Bags 13 ["4202220000", "4202920000"]
        ["women's pu handbag", "nylon backpack", "imitation leather shoulder bag"]
        ["女式PU手提包", "尼龙双肩背包", "仿皮单肩包"]
        Pcs 3700 mills 520 g lot 4000 from [44, 13, 33, 35];
    Bags 9 ["4202121000", "4202129000"]
        ["abs travel trolley case", "polyester school bag"] ["ABS拉杆箱", "涤纶书包"]
        Pcs 9800 mills 2700 g lot 900 from [33, 44, 13];
    Phones 16 ["8517130000", "8517120090", "8517121019"]
        ["android smart phone 5 inch", "4g smart mobile phone"] ["安卓智能手机 5英寸", "4G智能手机"]
        Pcs 82000 mills 310 g lot 1200 from [44, 41, 50];
    Phones 7 ["8517140000", "8517120090"]
        ["dual sim feature mobile phone", "gsm bar phone"] ["双卡直板手机", "GSM功能手机"]
        Pcs 12500 mills 190 g lot 4000 from [44];
    Phones 10 ["8517790000", "8517703000"]
        ["mobile phone lcd screen", "mobile phone housing"] ["手机显示屏", "手机外壳"]
        Pcs 5800 mills 45 g lot 5000 from [44];
    Phones 10 ["8518300000"]
        ["in-ear earphones with microphone", "bluetooth headphones"] ["带麦克风入耳式耳机", "蓝牙头戴耳机"]
        Pcs 2600 mills 60 g lot 8000 from [44, 36];
    Phones 10 ["8504401400", "8504409990"]
        ["usb mobile phone charger", "laptop power adapter"] ["USB手机充电器", "笔记本电源适配器"]
        Pcs 2200 mills 95 g lot 9000 from [44, 36];
    Motorcycles 11 ["8711201000", "8711209000"]
        ["two wheel motorcycle 125cc", "gasoline motorcycle 150 cc"] ["两轮摩托车 125CC", "150CC汽油摩托车"]
        Set 455000 mills 112000 g lot 90 from [50, 44, 32, 37];
    Motorcycles 6 ["8711600010", "8711600090"]
        ["electric scooter two wheels", "electric tricycle for cargo"] ["电动两轮车", "载货电动三轮车"]
        Set 280000 mills 68000 g lot 100 from [32, 33, 12];
    Motorcycles 9 ["8714100010", "8714100090"]
        ["motorcycle brake assembly", "motorcycle shock absorber", "motorcycle rear wheel hub"]
        ["摩托车制动器总成", "摩托车减震器", "摩托车后轮毂"]
        Pcs 4600 mills 1150 g lot 3000 from [50, 33, 44];
    Motorcycles 6 ["4011400000", "7315119000"]
        ["motorcycle tyre 3.00-18", "motorcycle drive chain"] ["摩托车外胎", "摩托车链条"]
        Pcs 6500 mills 3300 g lot 3000 from [37, 32, 33];
    Motorcycles 4 ["8511100000", "8409919990"]
        ["spark plug for motorcycle", "piston ring kit"] ["摩托车火花塞", "活塞环套件"]
        Pcs 720 mills 55 g lot 20000 from [32, 50, 33];
    Diesel 6 ["8408909310", "8408909100"]
        ["single cylinder diesel engine", "water cooled diesel engine"] ["单缸柴油机", "水冷柴油发动机"]
        Set 215000 mills 96000 g lot 150 from [32, 50, 37];
    Diesel 6 ["8409999990", "8409992000"]
        ["diesel engine cylinder head", "piston for diesel engine"] ["柴油机缸盖", "柴油机活塞"]
        Pcs 14500 mills 3600 g lot 900 from [32, 37, 33];
    Diesel 4 ["8413302100", "8421230000"]
        ["diesel fuel injection pump", "oil filter for engine"] ["柴油喷油泵", "发动机机油滤清器"]
        Pcs 8600 mills 1150 g lot 2000 from [33, 37, 35];
    Stationery 12 ["9608100000", "9608200000", "9609101000"]
        ["plastic ball point pen", "felt tip marker pen", "colour pencil"] ["塑料圆珠笔", "记号笔", "彩色铅笔"]
        Pcs 78 mills 9 g lot 120000 from [33, 44];
    Stationery 9 ["4820100000", "4820200000"]
        ["paper notebook a5", "school exercise book"] ["A5纸质笔记本", "学生练习本"]
        Pcs 460 mills 190 g lot 20000 from [33, 44, 37];
    Stationery 7 ["3926100000", "8305200000", "8213000000"]
        ["plastic file folder", "metal office staples", "office scissors"] ["塑料文件夹", "金属订书钉", "办公剪刀"]
        Pcs 390 mills 85 g lot 25000 from [33, 44];
    Batteries 9 ["8506101200", "8506101900"]
        ["alkaline dry battery aa", "carbon zinc battery r6"] ["AA碱性干电池", "R6碳性电池"]
        Pcs 92 mills 21 g lot 150000 from [44, 33, 35];
    Batteries 9 ["8507600090", "8507600010"]
        ["lithium ion rechargeable battery", "portable power bank 10000 mah"] ["锂离子充电电池", "移动电源"]
        Pcs 4100 mills 210 g lot 5000 from [44, 35, 12];
    Batteries 7 ["8507100000", "8507200000"]
        ["lead acid starting battery 12v", "sealed lead-acid battery"] ["12V启动用铅酸蓄电池", "密封铅酸蓄电池"]
        Pcs 15500 mills 8600 g lot 1500 from [33, 44, 13];
    Toys 20 ["9503008900", "9503002900", "9503006000"]
        ["plastic toy car with battery", "plush toy bear", "building blocks for children"]
        ["塑料电动玩具车", "毛绒玩具熊", "儿童积木"]
        Pcs 1350 mills 240 g lot 9000 from [44, 33, 32];
    Toys 8 ["9504509900", "9504909000"]
        ["handheld video game player", "playing cards game set"] ["手持游戏机", "桌面游戏套装"]
        Pcs 4200 mills 330 g lot 3000 from [44, 33];
    Toys 10 ["9505100010", "9505900000", "9506911900"]
        ["christmas tree decoration", "carnival party mask", "home gym equipment"] ["圣诞树装饰品", "狂欢节面具", "家用健身器材"]
        Pcs 980 mills 210 g lot 12000 from [33, 44, 37];
    Appliances 8 ["8516710000", "8516720000", "8516609000"]
        ["electric coffee maker", "bread toaster 2 slice", "electric hot plate"] ["电热咖啡机", "面包片烤炉", "电热炉"]
        Pcs 10500 mills 2100 g lot 1500 from [44, 33];
    Appliances 8 ["8516310000", "8516400000"]
        ["electric hair dryer", "electric steam iron"] ["电吹风", "电熨斗"]
        Pcs 5300 mills 880 g lot 3000 from [44, 33];
    Appliances 7 ["8509409000", "8510100000"]
        ["electric juice blender", "rechargeable shaver"] ["电动榨汁机", "充电式剃须刀"]
        Pcs 8300 mills 1500 g lot 2000 from [44, 33];
    Appliances 8 ["8414519300", "8414519900"]
        ["electric table fan", "ceiling fan 56 inch"] ["电台扇", "吊扇 56英寸"]
        Pcs 9400 mills 3400 g lot 2000 from [44, 33];
    Appliances 6 ["8508110000", "8513101000"]
        ["household vacuum cleaner", "rechargeable led torch"] ["家用吸尘器", "充电式LED手电筒"]
        Pcs 7600 mills 1400 g lot 2500 from [32, 33, 44];
    Hardware 10 ["8301100000", "8301400000", "8302410000"]
        ["brass padlock", "mortise door lock", "door hinge"] ["铜挂锁", "门锁", "门铰链"]
        Pcs 1700 mills 310 g lot 9000 from [33, 37, 44];
    Hardware 11 ["8205400000", "8204120000", "8203200000", "8206000000"]
        ["screwdriver set", "adjustable spanner", "combination pliers", "hand tool set"]
        ["螺丝刀套装", "活动扳手", "钢丝钳", "手工具套装"]
        Pcs 1900 mills 420 g lot 9000 from [33, 32, 37];
    Hardware 11 ["7318159001", "7317000000", "7318160000"]
        ["steel hexagon bolts", "common iron nails", "steel hex nuts"] ["六角钢螺栓", "普通铁钉", "钢制六角螺母"]
        Kg 1150 mills 1000 g lot 18000 from [33, 13, 32];
    Hardware 9 ["8481804090", "8481809000"]
        ["brass ball valve", "basin mixer tap"] ["黄铜球阀", "面盆水龙头"]
        Pcs 5100 mills 540 g lot 4000 from [33, 35, 44];
    Hardware 7 ["8211910000", "8215990000", "8308900000"]
        ["stainless steel knife set", "stainless steel spoon", "metal belt buckle"] ["不锈钢刀具", "不锈钢汤匙", "金属皮带扣"]
        Pcs 520 mills 65 g lot 30000 from [44, 33];
    Hardware 9 ["8536690000", "8536500000"]
        ["electrical socket plug", "wall light switch"] ["电源插头插座", "墙壁开关"]
        Pcs 760 mills 95 g lot 20000 from [33, 44];
    Building 10 ["6907211000", "6907229000"]
        ["polished porcelain floor tiles", "glazed ceramic wall tiles"] ["抛光瓷质地砖", "釉面陶瓷墙砖"]
        Kg 360 mills 1000 g lot 52000 from [44, 35, 37];
    Building 6 ["6910100000", "6910900000"]
        ["ceramic toilet bowl", "ceramic wash basin"] ["陶瓷坐便器", "陶瓷洗面盆"]
        Pcs 26000 mills 17500 g lot 600 from [13, 44, 41];
    Building 8 ["7210490000", "7214200000", "7308900000"]
        ["galvanized steel coil", "deformed steel bar", "steel structure parts"] ["镀锌钢卷", "螺纹钢筋", "钢结构件"]
        Kg 520 mills 1000 g lot 90000 from [13, 12, 37, 32];
    Building 6 ["7604210090", "7610900000", "7610100000"]
        ["aluminium profile", "aluminium windows and doors"] ["铝型材", "铝合金门窗"]
        Kg 2800 mills 1000 g lot 12000 from [44, 37];
    Building 6 ["4412390010", "4411141900"]
        ["film faced plywood", "medium density fibreboard"] ["覆膜胶合板", "中密度纤维板"]
        Kg 560 mills 1000 g lot 40000 from [37, 32, 13];
    Building 6 ["7007190000", "7005290090"]
        ["tempered glass sheet", "clear float glass"] ["钢化玻璃", "透明浮法玻璃"]
        Kg 480 mills 1000 g lot 40000 from [13, 44, 37];
    Building 8 ["9405100090", "9405409000"]
        ["led ceiling lamp", "led flood light 50w"] ["LED吸顶灯", "LED投光灯 50W"]
        Pcs 6800 mills 880 g lot 3000 from [44, 33];
    Building 7 ["8544492900", "3917230000"]
        ["pvc insulated copper cable", "pvc water pipe"] ["PVC绝缘铜芯电缆", "PVC给水管"]
        Kg 3200 mills 1000 g lot 16000 from [13, 33, 44, 41];
};

/// Everything else, which is most of the trade.
pub(super) const ORDINARY: &[Goods] = goods! {
    Ordinary 60 ["8471300000", "8471491000"]
        ["portable notebook computer", "tablet computer 10 inch"] ["笔记本电脑", "平板电脑 10英寸"]
        Set 235000 mills 2100 g lot 900 from [50, 31, 44, 32];
    Ordinary 46 ["8473309000", "8473301000"]
        ["computer mainboard", "parts of computers"] ["计算机主板", "电脑零件"]
        Pcs 21000 mills 310 g lot 3000 from [44, 32, 31];
    Ordinary 41 ["8542319000", "8542329000"]
        ["integrated circuit processor chip", "memory integrated circuit"] ["集成电路处理器", "存储器集成电路"]
        Pcs 1900 mills 2 g lot 60000 from [31, 32, 44, 61];
    Ordinary 30 ["8541401000", "8541402000"]
        ["light emitting diode", "solar cell module"] ["发光二极管", "太阳能电池组件"]
        Pcs 13500 mills 1900 g lot 6000 from [32, 33, 13];
    Ordinary 34 ["8528721200", "8528591000"]
        ["led colour television 32 inch", "lcd monitor"] ["32英寸LED彩电", "液晶显示器"]
        Set 118000 mills 6400 g lot 800 from [44, 35, 34];
    Ordinary 23 ["8534009000", "8534001000"]
        ["printed circuit board 4 layers", "flexible printed circuit"] ["四层印刷电路板", "柔性电路板"]
        Pcs 2600 mills 60 g lot 20000 from [44, 32];
    Ordinary 23 ["8525803990", "8529904900"]
        ["network security camera", "camera module parts"] ["网络监控摄像机", "摄像头零件"]
        Pcs 19500 mills 540 g lot 2000 from [33, 44];
    Ordinary 21 ["8518220000", "8518210000"]
        ["wooden multimedia speaker box", "single loudspeaker"] ["木质多媒体音箱", "单喇叭音箱"]
        Pcs 11500 mills 2300 g lot 2000 from [44, 33];
    Ordinary 28 ["8501109990", "8501520000"]
        ["small dc electric motor", "three phase ac motor"] ["微型直流电机", "三相交流电动机"]
        Pcs 8200 mills 1500 g lot 4000 from [33, 44, 32];
    Ordinary 28 ["8443321290", "8443999090"]
        ["laser printer a4", "printer toner cartridge"] ["A4激光打印机", "打印机硒鼓"]
        Pcs 31000 mills 2600 g lot 1200 from [44, 31];
    Ordinary 23 ["8415102100", "8418210000"]
        ["split type air conditioner", "household refrigerator 180 l"] ["分体式空调器", "家用冰箱 180升"]
        Set 142000 mills 36000 g lot 350 from [44, 34, 37];
    Ordinary 18 ["8450120000", "8450190000"]
        ["twin tub washing machine", "semi automatic washing machine"] ["双桶洗衣机", "半自动洗衣机"]
        Set 78000 mills 21000 g lot 400 from [33, 34, 37];
    Ordinary 25 ["8413709990", "8413819090"]
        ["centrifugal water pump", "submersible pump 1 hp"] ["离心水泵", "潜水泵"]
        Set 36000 mills 13500 g lot 600 from [33, 35];
    Ordinary 21 ["8414809090", "8414909090"]
        ["air compressor 2 hp", "compressor spare parts"] ["空气压缩机", "压缩机配件"]
        Set 71000 mills 28000 g lot 250 from [33, 35];
    Ordinary 30 ["8482102000", "8482200000", "8483409000"]
        ["deep groove ball bearing", "tapered roller bearing", "reduction gear box"] ["深沟球轴承", "圆锥滚子轴承", "减速机"]
        Pcs 2100 mills 420 g lot 15000 from [33, 37, 21];
    Ordinary 23 ["8466939000", "8431499900"]
        ["machine tool parts", "excavator spare parts"] ["机床零件", "挖掘机零配件"]
        Kg 4800 mills 1000 g lot 6000 from [32, 37, 21];
    Ordinary 14 ["8429521200", "8429519000"]
        ["crawler excavator", "wheel loader 3 ton"] ["履带挖掘机", "轮式装载机"]
        Set 42000000 mills 12500000 g lot 3 from [43, 32, 37];
    Ordinary 14 ["8422303090", "8438100010"]
        ["automatic packing machine", "dough mixing machine"] ["自动包装机", "和面机"]
        Set 6800000 mills 640000 g lot 4 from [31, 44, 37];
    Ordinary 12 ["8447120000", "8445202200"]
        ["circular knitting machine", "textile spinning machine"] ["圆型针织机", "纺织机械"]
        Set 14500000 mills 2100000 g lot 3 from [35, 32, 33];
    Ordinary 46 ["8708309990", "8708999990", "8708709090"]
        ["car brake pads", "auto body parts", "aluminium alloy wheel rim"] ["汽车刹车片", "汽车车身配件", "铝合金轮毂"]
        Pcs 15500 mills 3800 g lot 2500 from [33, 37, 13];
    Ordinary 18 ["8712003000", "8714910000"]
        ["mountain bicycle 26 inch", "bicycle frame parts"] ["山地自行车 26英寸", "自行车车架配件"]
        Pcs 46000 mills 11500 g lot 700 from [12, 32, 44];
    Ordinary 9 ["8703234090", "8704210000"]
        ["passenger car 1.5 l", "light diesel truck"] ["小轿车 1.5升", "轻型柴油货车"]
        Set 8200000 mills 1350000 g lot 8 from [34, 50, 37];
    Ordinary 55 ["9403609990", "9403501000", "9403200000"]
        ["wooden dining table", "bedroom furniture set", "metal frame bookshelf"] ["木制餐桌", "卧室家具套装", "金属书架"]
        Pcs 44000 mills 21000 g lot 350 from [44, 33, 35];
    Ordinary 46 ["9401711000", "9401619000", "9401790000"]
        ["upholstered office chair", "leather sofa with wooden frame", "folding metal chair"]
        ["软垫办公椅", "木框架皮沙发", "折叠金属椅"]
        Pcs 33000 mills 12500 g lot 500 from [33, 44];
    Ordinary 21 ["9404909000", "9404210010"]
        ["polyester filled quilt", "sponge mattress"] ["涤纶填充被", "海绵床垫"]
        Pcs 13500 mills 3100 g lot 1500 from [33, 32];
    Ordinary 34 ["6302319100", "6302600000", "6307900090"]
        ["cotton bed sheet set", "cotton terry towel", "textile dust cover"] ["棉制床单套件", "棉毛巾", "纺织防尘罩"]
        Pcs 4400 mills 620 g lot 5000 from [37, 32, 33];
    Ordinary 34 ["5407520011", "5407610091", "5208320099"]
        ["dyed polyester woven fabric", "printed polyester fabric", "dyed cotton fabric"]
        ["涤纶染色机织布", "涤纶印花布", "棉染色布"]
        Kg 5400 mills 1000 g lot 9000 from [33, 32];
    Ordinary 23 ["6006320000", "5402330000"]
        ["dyed knitted fabric", "polyester textured yarn"] ["染色针织布", "涤纶低弹丝"]
        Kg 3900 mills 1000 g lot 14000 from [33, 32, 35];
    Ordinary 34 ["3924100000", "3924900000"]
        ["plastic food container", "plastic household basin"] ["塑料食品盒", "塑料脸盆"]
        Pcs 620 mills 130 g lot 25000 from [44, 33];
    Ordinary 32 ["3926909090", "3923210000", "3923500000"]
        ["plastic articles", "polyethylene shopping bag", "plastic bottle cap"] ["塑料制品", "聚乙烯购物袋", "塑料瓶盖"]
        Kg 2700 mills 1000 g lot 12000 from [44, 33, 37];
    Ordinary 18 ["3920430000", "3907601100"]
        ["pvc film in rolls", "pet resin chips"] ["PVC薄膜", "PET切片"]
        Kg 1250 mills 1000 g lot 45000 from [32, 33, 44];
    Ordinary 25 ["7323930000", "7326909000"]
        ["stainless steel kitchen pot", "iron wire storage rack"] ["不锈钢锅", "铁丝置物架"]
        Pcs 3800 mills 780 g lot 6000 from [44, 33];
    Ordinary 18 ["6911101900", "7013370000"]
        ["porcelain dinner plate", "glass drinking cup"] ["瓷餐盘", "玻璃水杯"]
        Pcs 720 mills 320 g lot 25000 from [44, 35, 37];
    Ordinary 16 ["6601910000", "6601990000"]
        ["folding umbrella", "automatic straight umbrella"] ["折叠伞", "自动直杆伞"]
        Pcs 1650 mills 360 g lot 8000 from [35, 33];
    Ordinary 16 ["9603210000", "9615110000"]
        ["adult toothbrush", "plastic hair comb"] ["成人牙刷", "塑料梳子"]
        Pcs 130 mills 18 g lot 60000 from [32, 33];
    Ordinary 14 ["6702100000", "6702909000"]
        ["artificial silk flowers", "artificial plastic leaves"] ["仿真绢花", "塑料仿真叶"]
        Pcs 410 mills 60 g lot 20000 from [44, 33, 12];
    Ordinary 16 ["4819100000", "4818100000"]
        ["corrugated paper carton", "toilet paper rolls"] ["瓦楞纸箱", "卫生纸"]
        Kg 1150 mills 1000 g lot 15000 from [44, 33, 37];
    Ordinary 14 ["9018909919", "9018319000"]
        ["disposable medical device", "disposable plastic syringe"] ["一次性医疗器械", "一次性注射器"]
        Pcs 90 mills 12 g lot 200000 from [32, 36, 41];
    Ordinary 16 ["3808931910", "3808921000"]
        ["glyphosate herbicide liquid", "pesticide emulsion"] ["草甘膦除草剂", "农药乳油"]
        Kg 3100 mills 1000 g lot 16000 from [32, 33, 37];
    Ordinary 16 ["2836200000", "2918140000"]
        ["soda ash dense", "citric acid anhydrous"] ["重质纯碱", "无水柠檬酸"]
        Kg 480 mills 1000 g lot 50000 from [37, 13, 32];
    Ordinary 12 ["3102100090", "3105300090"]
        ["granular urea fertilizer", "diammonium phosphate"] ["颗粒尿素", "磷酸二铵"]
        Kg 265 mills 1000 g lot 300000 from [37, 53, 41];
    Ordinary 21 ["0703201000", "0808100000", "0805209000"]
        ["fresh garlic", "fresh fuji apples", "fresh mandarins"] ["鲜大蒜", "鲜富士苹果", "鲜柑橘"]
        Kg 1150 mills 1000 g lot 26000 from [37, 41, 53];
    Ordinary 12 ["0902109000", "2005999990"]
        ["green tea in bags", "canned mixed vegetables"] ["袋装绿茶", "什锦蔬菜罐头"]
        Kg 3300 mills 1000 g lot 12000 from [35, 33, 42];
    Ordinary 14 ["9506629000", "9507100090"]
        ["inflatable football size 5", "carbon fishing rod"] ["充气足球 5号", "碳素钓鱼竿"]
        Pcs 3600 mills 430 g lot 5000 from [37, 33];
    Ordinary 14 ["8504319000", "8532259000"]
        ["small power transformer", "film capacitor"] ["小型变压器", "薄膜电容器"]
        Pcs 1700 mills 190 g lot 12000 from [33, 44];
    Ordinary 14 ["9032899090", "9028301400"]
        ["temperature controller instrument", "single phase electricity meter"] ["温度控制仪表", "单相电能表"]
        Pcs 10500 mills 620 g lot 2500 from [33, 44];
    Ordinary 14 ["4016939000", "4010399000"]
        ["rubber sealing ring", "rubber v-belt"] ["橡胶密封圈", "橡胶三角带"]
        Kg 4300 mills 1000 g lot 5000 from [33, 13, 37];
    Ordinary 14 ["4013100000", "4012902000"]
        ["rubber inner tube for truck", "rubber tyre flap"] ["载重车内胎", "橡胶轮胎垫带"]
        Pcs 3900 mills 1650 g lot 5000 from [37, 32];
};
