// The words of the dispatcher's desk in both languages. Titles of fields and codes come from the service.

import { vocabulary } from '../words/vocabulary';

const zh = {
  queue: '待办事件', queueCount: '{n} 件', queueOf: '{n} / {all} 件', emptyQueue: '没有符合条件的未结事件', allGroups: '全部', waiting: '未派', sent: '已派',
  severityFilter: '严重程度', groupFilter: '派遣情况', areaFilter: '社区', allAreas: '全部社区', truncated: '只列出前 {n} 件',
  left: '余 {time}', over: '超 {time}', noDeadline: '无时限', days: '{n} 天', workDays: '{n} 工作日', hours: '{n} 小时', minutes: '{n} 分',
  green: '时间充裕', yellow: '时间过半', orange: '即将超时', red: '已超时', none: '无时限', calendarTime: '剩余时间按自然时间计', workingTime: '剩余时间按工作时间计',
  side: '派遣', pickSomething: '请在左侧选择事件,或点击地图上的位置', pickHint: '↑ ↓ 选择,回车打开;/ 搜索;N 新建事件;? 全部按键', level: '{n} 级', place: '地图位置', placeLevel: '事件级别',
  closeCard: '返回', code: '编码', reported: '上报', deadline: '时限', stage: '环节', eventGone: '没有这个事件,或当前令牌无权查看', print: '打印',
  whereabouts: '位置', community: '社区', zone: '片区', grid: '网格', leader: '网格长', partner: 'AB角', border: '距网格边界', metres: '{n} 米', km: '{n} 公里',
  eventsNear: '{m} 米内事件', eventsNearText: '{n} 件, 未结 {open} 件', facilitiesNear: '最近设施', outside: '不在任何网格内', nearestGrid: '最近的网格: {name}, {metres}',
  on_duty: '在岗', off_duty: '离岗', on_leave: '请假',
  ranking: '派谁去', available: '{n} 人可派', asking: '正在排序…', nobody: '没有可派人员', etaMinutes: '{n} 分钟', range: '{a}–{b} 分钟', cost: '等效 {n} 分钟',
  byRoute: '沿路', byEstimate: '估算(非路线)', estimateNote: '虚线为直线估算, 不是路线', chosen: '已选', candidates: '候选人', more: '更多候选', roles: '角色',
  fresh: '定位新', ageing: '定位 {age}', stalePosition: '定位过期, 按所属网格计', uncertainty: '误差约 {n} 米',
  eta: '到达', responsibility: '属地', load: '在办', fairness: '公平', uncertaintyTerm: '误差', cover: '留守', skill: '技能', total: '合计',
  excluded: '不能派的人 ({n})', andMore: '另有 {n} 人', whyNotNearest: '为何不是最近的', escalation: '无人签收时', escalationStep: '{n} 分钟后 → {who}', atOnce: '同时通知', informed: '同时告知',
  to_candidate: '派遣对象', to_zone_leader: '片长', to_community_lead: '社区主职', to_command_centre: '指挥中心',
  policy: '策略', responsible_first: '属地优先', balanced: '均衡', nearest_first: '就近优先', basis: '依据', parameters: '参数 {v}', hash: '输入摘要 {h}',
  send: '派遣', sending: '正在派遣…', sendTo: '派遣 {who}', undo: '撤回', undoLeft: '撤回 ({n})', sentTo: '已派遣 {who}', undone: '已撤回 {who}', undoReason: '误派, 即刻撤回',
  overrideTitle: '为何不派 {first}, 而派 {who}?', overrideHint: '排序第 {rank}。理由随派遣记录保存, 用于评估排序。', reason: '理由', usualReasons: '常用理由', otherReason: '补充或其他理由',
  reasonNeeded: '请选择或填写理由', r_knows: '熟悉此事或当事人', r_unreachable: '推荐人员联系不上', r_position: '推荐人员实际不在此处', r_asked: '当事人或领导指定', r_busy: '推荐人员另有任务', r_skill: '需要专门技能或车辆',
  cancel: '取消', confirm: '确定', held: '已派人员', status_reserved: '预留', status_assigned: '已派, 等签收', status_acknowledged: '已签收', status_arrived: '已到场', heldBy: '{by} 经办', since: '{age}',
  escalatesIn: '{time} 内未签收则升级', escalated: '超时未签收', toldSteps: '已升级 {n} 步', acknowledge: '签收', arrive: '到场', done: '办结', refuse: '拒绝', release: '收回', moveReason: '{move} {who}: 请写理由',
  moved_acknowledge: '{who} 已签收', moved_arrive: '{who} 已到场', moved_done: '{who} 已办结', moved_refuse: '{who} 已拒绝, 请另派', moved_release: '已收回 {who}',
  log: '派遣记录', logOverride: '改派', noLog: '尚无记录',
  conflictHeld: '另一位调度员更快: {who} 现由 {by} {status}, 事件 {event}。未重复派遣; 排序已更新, 请另选。', conflictFree: '{who} 的状态刚刚改变, 本次未派遣; 排序已更新, 请再看一眼。', conflictStage: '事件已是“{stage}”, 未派遣。',
  otherPlace: '另一位置', failed: '没有完成: 服务未接受', unreachable: '没有完成: 无法连接服务, 请稍后再试', detail: '服务说明', dismiss: '关闭', refusedWrite: '没有完成: 此令牌无权派遣',
  readOnly: '当前令牌只能查看, 不能派遣或新建事件 (需要调度员或管理员令牌)', needToken: '调度台需要令牌: 事件与人员不对公众开放', enterToken: '输入令牌', notSeen: '当前令牌看不到事件或人员',
  search: '搜索', searchHint: '编码、名称、拼音、地址, 如 四清里 网格5', nothingFound: '没有找到', found: '找到 {n} 项', showing: '前 {n} 项', searchFailed: '搜索没有完成',
  newEvent: '新建事件', newEventHint: '位置取自地图; 再点地图可移动', title: '标题', category: '类别', domain: '领域', severity: '严重程度', source: '来源', choose: '请选择', save: '上报并排序', saving: '正在上报…',
  similar: '附近 100 米内同领域的未结事件, 请确认不是同一件', openThat: '打开', position: '位置', titleNeeded: '请填写标题: 一句话说明是什么事', categoryNeeded: '请选择类别', domainNeeded: '请选择领域', placeNeeded: '请先在地图上点选位置', levelField: '级别', sameCategory: '同类',
  help: '按键', h_move: '上一件 / 下一件', h_open: '打开选中的事件', h_pick: '选择第 1–9 位候选人', h_send: '派遣所选候选人', h_undo: '撤回刚才的派遣', h_new: '新建事件', h_search: '搜索', h_back: '返回 / 关闭', h_help: '显示按键', close: '关闭',
  map: '地图', rankOf: '第 {n} 位', ago: '{age}', perCost: '等效分钟构成', loadFailed: '读取失败, 正在重试', printed: '打印于 {time}',
} as const;

/** The name of a text of the desk. */
export type DeskWord = keyof typeof zh;

const en: Record<DeskWord, string> = {
  queue: 'Open events', queueCount: '{n}', queueOf: '{n} of {all}', emptyQueue: 'No open event fits the filter', allGroups: 'All', waiting: 'Nobody sent', sent: 'Sent',
  severityFilter: 'Severity', groupFilter: 'Dispatch', areaFilter: 'Community', allAreas: 'All communities', truncated: 'only the first {n} are listed',
  left: '{time} left', over: '{time} over', noDeadline: 'no deadline', days: '{n} d', workDays: '{n} workdays', hours: '{n} h', minutes: '{n} min',
  green: 'enough time', yellow: 'half of the time is gone', orange: 'nearly due', red: 'overdue', none: 'no deadline', calendarTime: 'time left is calendar time', workingTime: 'time left is working time',
  side: 'Dispatch', pickSomething: 'Choose an event at the left, or click a place on the map', pickHint: '↑ ↓ choose, Enter opens; / search; N new event; ? all keys', level: 'Level {n}', place: 'A place on the map', placeLevel: 'Level of the event',
  closeCard: 'Back', code: 'Code', reported: 'Reported', deadline: 'Deadline', stage: 'Stage', eventGone: 'There is no such event, or this token may not see it', print: 'Print',
  whereabouts: 'Where', community: 'Community', zone: 'Zone', grid: 'Grid', leader: 'Grid leader', partner: 'Partner', border: 'To the grid border', metres: '{n} m', km: '{n} km',
  eventsNear: 'Events within {m} m', eventsNearText: '{n}, {open} open', facilitiesNear: 'Nearest facilities', outside: 'in no grid', nearestGrid: 'nearest grid: {name}, {metres}',
  on_duty: 'on duty', off_duty: 'off duty', on_leave: 'on leave',
  ranking: 'Who should go', available: '{n} can be sent', asking: 'Ranking…', nobody: 'Nobody can be sent', etaMinutes: '{n} min', range: '{a}–{b} min', cost: 'costs {n} min',
  byRoute: 'by street', byEstimate: 'estimate, no route', estimateNote: 'dashed lines are straight-line estimates, not routes', chosen: 'chosen', candidates: 'Candidates', more: 'More candidates', roles: 'Roles',
  fresh: 'position fresh', ageing: 'position {age}', stalePosition: 'position stale: taken to be in the home grid', uncertainty: 'within about {n} m',
  eta: 'Arrival', responsibility: 'Responsibility', load: 'Open tasks', fairness: 'Fairness', uncertaintyTerm: 'Uncertainty', cover: 'Cover', skill: 'Skill', total: 'Total',
  excluded: 'Cannot be sent ({n})', andMore: '{n} more', whyNotNearest: 'Why not the nearest', escalation: 'If nobody acknowledges', escalationStep: 'after {n} min → {who}', atOnce: 'all at once', informed: 'Told too',
  to_candidate: 'who is sent', to_zone_leader: 'zone leader', to_community_lead: 'community lead', to_command_centre: 'command centre',
  policy: 'Policy', responsible_first: 'responsible first', balanced: 'balanced', nearest_first: 'nearest first', basis: 'Basis', parameters: 'parameters {v}', hash: 'input {h}',
  send: 'Send', sending: 'Sending…', sendTo: 'Send {who}', undo: 'Undo', undoLeft: 'Undo ({n})', sentTo: '{who} is sent', undone: '{who} is taken back', undoReason: 'sent by mistake, taken back at once',
  overrideTitle: 'Why {who} and not {first}?', overrideHint: 'Ranked {rank}. The reason is kept with the dispatch, to assess the ranking.', reason: 'Reason', usualReasons: 'Usual reasons', otherReason: 'More, or another reason',
  reasonNeeded: 'Choose or write a reason', r_knows: 'knows the matter or the people', r_unreachable: 'the proposed cannot be reached', r_position: 'the proposed is elsewhere in fact', r_asked: 'asked for by those concerned or in charge', r_busy: 'the proposed has something else to do', r_skill: 'a skill or vehicle is needed',
  cancel: 'Cancel', confirm: 'OK', held: 'Who is sent', status_reserved: 'reserved', status_assigned: 'sent, not yet acknowledged', status_acknowledged: 'acknowledged', status_arrived: 'arrived', heldBy: 'by {by}', since: '{age}',
  escalatesIn: 'escalates in {time} without an answer', escalated: 'no answer in time', toldSteps: 'escalated by {n}', acknowledge: 'Acknowledge', arrive: 'Arrived', done: 'Done', refuse: 'Refuse', release: 'Take back', moveReason: '{move} {who}: give a reason',
  moved_acknowledge: '{who} has acknowledged', moved_arrive: '{who} has arrived', moved_done: '{who} is done', moved_refuse: '{who} has refused: send somebody else', moved_release: '{who} is taken back',
  log: 'Dispatch log', logOverride: 'override', noLog: 'nothing yet',
  conflictHeld: 'Another dispatcher was faster: {who} is {status} by {by}, for event {event}. Nothing was sent twice; the ranking is new, choose again.', conflictFree: 'The state of {who} has just changed, and nothing was sent; the ranking is new, look again.', conflictStage: 'The event is “{stage}” now; nobody was sent.',
  otherPlace: 'another place', failed: 'Not done: the service did not accept it', unreachable: 'Not done: the service cannot be reached, try again shortly', detail: 'The service says', dismiss: 'Close', refusedWrite: 'Not done: this token may not dispatch',
  readOnly: 'This token may look, but not dispatch or enter events (a dispatcher’s or admin’s token may)', needToken: 'The desk needs a token: events and staff are not public', enterToken: 'Enter token', notSeen: 'This token does not see events or staff',
  search: 'Search', searchHint: 'code, name, pinyin or address, such as 四清里 网格5', nothingFound: 'nothing found', found: '{n} found', showing: 'the first {n}', searchFailed: 'the search was not done',
  newEvent: 'New event', newEventHint: 'The place comes from the map; click the map to move it', title: 'Title', category: 'Category', domain: 'Domain', severity: 'Severity', source: 'Source', choose: 'choose', save: 'Report and rank', saving: 'Reporting…',
  similar: 'Open events of this domain within 100 m: make sure that it is not one of them', openThat: 'Open', position: 'Place', titleNeeded: 'A title is needed: what is it, in a sentence', categoryNeeded: 'Choose a category', domainNeeded: 'Choose a domain', placeNeeded: 'Click the place on the map first', levelField: 'Level', sameCategory: 'same category',
  help: 'Keys', h_move: 'previous / next event', h_open: 'open the event', h_pick: 'choose candidate 1–9', h_send: 'send the chosen candidate', h_undo: 'undo what was just sent', h_new: 'new event', h_search: 'search', h_back: 'back / close', h_help: 'show the keys', close: 'Close',
  map: 'Map', rankOf: 'number {n}', ago: '{age}', perCost: 'Parts of the equivalent minutes', loadFailed: 'could not be read, trying again', printed: 'printed {time}',
};

/** A text of the desk in a language, with its {holes} filled. */
export const say = vocabulary<DeskWord>(zh, en);
