"""The statement of a year, for a signed-in person."""

from django.contrib.auth.decorators import login_required
from django.db.models import Max
from django.shortcuts import render
from django.urls import path

from .models import Account, Batch, Expense, Member

CARE = {
    "inpatient": "入院",
    "outpatient": "通院",
    "dental": "歯科",
    "dental_inpatient": "歯科入院",
    "pharmacy": "薬局",
    "home_nursing": "訪問看護",
    "judo": "柔道整復",
}


def yen(amount):
    return f"{amount:,}"


def month_short(number):
    return f"{number // 100}/{number % 100:02}"


def shares(title, amounts):
    most = max((amount for _, amount in amounts), default=0) or 1
    return {"title": title, "bars": [{"name": n, "width": 60 * a // most, "paid": yen(a)} for n, a in amounts]}


def sums(lines, key):
    found = {}
    for line in lines:
        found[key(line)] = found.get(key(line), 0) + line.self_pay
    return found


@login_required
def statement(request):
    year = int(request.GET.get("year", "2025"))
    household = Account.objects.only("household_id").get(user_id=request.user.pk).household_id
    members = list(Member.objects.filter(household_id=household).order_by("kana", "id"))
    lines = list(
        Expense.objects.filter(
            household_id=household,
            treatment_month__range=(year * 100 + 1, year * 100 + 12),
            superseded_by__isnull=True,
            cancelled=False,
            batch__state="published",
        )
        .select_related("member", "batch")
        .order_by("treatment_month", "member__kana", "member_id", "provider_name", "care_kind", "id")
    )
    last = Batch.objects.filter(state="published").aggregate(last=Max("last_month"))["last"]
    paid = sums(lines, lambda line: line.treatment_month)
    most = max(paid.values(), default=0) or 1
    total = {name: sum(getattr(line, name) for line in lines) for name in ("total", "insurer_share", "public_share", "self_pay")}
    whole = total["total"] or 1
    context = {
        "heading": f"{year}年の医療費明細",
        "path": request.get_full_path(),
        "user_name": request.user.first_name,
        "society": "みほん健康保険組合",
        "total": yen(total["total"]),
        "insurer": yen(total["insurer_share"]),
        "public": yen(total["public_share"]),
        "self_pay": yen(total["self_pay"]),
        "insurer_width": 1000 * total["insurer_share"] // whole,
        "public_width": 1000 * total["public_share"] // whole,
        "self_width": 1000 * total["self_pay"] // whole,
        "months": [
            {
                "name": f"{year}年{month}月",
                "short": f"{month}月",
                "x": 10 + 50 * (month - 1),
                "y": 150 - 120 * paid.get(year * 100 + month, 0) // most,
                "height": 120 * paid.get(year * 100 + month, 0) // most,
                "paid": yen(paid.get(year * 100 + month, 0)),
            }
            for month in range(1, 13)
        ],
        "rankings": [
            shares("受診者ごとの自己負担額", list(sums(lines, lambda line: line.member.name).items())),
            shares("診療区分ごとの自己負担額", [(CARE[k], a) for k, a in sums(lines, lambda line: line.care_kind).items()]),
        ],
        "rows": [
            {
                "month": month_short(line.treatment_month),
                "patient": line.member.name,
                "provider": line.provider_name,
                "care": f"{CARE[line.care_kind]}／{line.days}日",
                "total": yen(line.total),
                "insurer": yen(line.insurer_share),
                "public": yen(line.public_share),
                "self_pay": yen(line.self_pay),
                "note": line.note,
                "has_note": bool(line.note),
            }
            for line in lines
        ],
        "changed": f"{max(line.batch.published_at for line in lines):%Y年%m月%d日}" if lines else "",
        "pending": last is None or last < year * 100 + 12,
        "members": [{"id": member.id, "name": member.name} for member in members],
        "min": "2021-12",
        "max": "2026-11",
    }
    return render(request, "statement.html", context)


urlpatterns = [path("expenses/statement", statement)]
