# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernels need and Python has no short words for, in LLVM; `kernels.py` says in Python
what each means."""

BUILT_IN = """\
define internal i64 @mix(i64 %a, i64 %b) alwaysinline nounwind {
  %x = zext i64 %a to i128
  %y = zext i64 %b to i128
  %product = mul i128 %x, %y
  %low = trunc i128 %product to i64
  %upper = lshr i128 %product, 64
  %high = trunc i128 %upper to i64
  %folded = xor i64 %low, %high
  ret i64 %folded
}

define internal i64 @scale(i64 %a, i64 %entries) alwaysinline nounwind {
  %x = zext i64 %a to i128
  %y = zext i64 %entries to i128
  %product = mul i128 %x, %y
  %upper = lshr i128 %product, 64
  %high = trunc i128 %upper to i64
  ret i64 %high
}

define internal i64 @scramble(i64 %a) alwaysinline nounwind {
  %b = lshr i64 %a, 33
  %c = xor i64 %a, %b
  %d = mul i64 %c, -49064778989728563
  %e = lshr i64 %d, 33
  %f = xor i64 %d, %e
  %g = mul i64 %f, -4265267296055464877
  %h = lshr i64 %g, 33
  %i = xor i64 %g, %h
  ret i64 %i
}

define internal i64 @below(i64 %a, i64 %b) alwaysinline nounwind {
  %less = icmp ult i64 %a, %b
  %one = zext i1 %less to i64
  ret i64 %one
}

declare void @llvm.prefetch.p0(ptr, i32, i32, i32)

define internal i64 @prefetch(ptr %array, i64 %index) alwaysinline nounwind {
  %at = getelementptr i64, ptr %array, i64 %index
  call void @llvm.prefetch.p0(ptr %at, i32 0, i32 3, i32 1)
  ret i64 0
}

define internal i64 @acquire(ptr %array, i64 %index) alwaysinline nounwind {
  %at = getelementptr i64, ptr %array, i64 %index
  %found = load atomic i64, ptr %at acquire, align 8
  ret i64 %found
}

define internal i64 @claim(ptr %array, i64 %index, i64 %value) alwaysinline nounwind {
  %at = getelementptr i64, ptr %array, i64 %index
  %pair = cmpxchg ptr %at, i64 0, i64 %value seq_cst seq_cst
  %found = extractvalue { i64, i1 } %pair, 0
  ret i64 %found
}

declare i32 @sched_yield()

define internal i64 @relax() nounwind {
  %ignored = call i32 @sched_yield()
  ret i64 0
}

define internal i64 @take(ptr %array, i64 %index, i64 %more) alwaysinline nounwind {
  %at = getelementptr i64, ptr %array, i64 %index
  %found = atomicrmw add ptr %at, i64 %more seq_cst
  ret i64 %found
}
"""
